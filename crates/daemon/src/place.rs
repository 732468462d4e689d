//! Takes a place of a policy, and AWS there; gives a cloud that says who it is only where that is who the policy means. Never lets two
//! places of a policy be one: each would repair what the other does.
//!
//! Where the account is not believed it is not known, and where it is not known a round does nothing.

use std::fmt;
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use mirror_aws::{Ambient, Sdk};
use mirror_core::cloud::{Class, Cloud, CloudError, Items, Outcome, Page, Query, Step};
use mirror_core::ids::{AccountId, Region};
use mirror_core::policy::{Place, Policy};
use tokio::sync::watch;
use tracing::Span;

/// The account of a place, once it is known. Clones know the same.
#[derive(Clone, Debug, Default)]
pub struct Account(Arc<OnceLock<AccountId>>);

impl Account {
    /// That of a place, where the policy alone says which it is.
    pub fn of(place: &Place) -> Self {
        let account = Self::default();
        place.account().into_iter().for_each(|id| account.learn(&id));
        account
    }

    /// Which it is.
    pub fn get(&self) -> Option<&AccountId> {
        self.0.get()
    }

    /// Notes which it is, also for the lines of the log that follow. A place never changes its account.
    pub fn learn(&self, id: &AccountId) {
        if self.0.set(id.clone()).is_ok() {
            Span::current().record("account", id.as_str());
        }
    }
}

/// How a place is called: by its account, if that is known, and its Region.
pub(crate) fn name(account: Option<&AccountId>, region: &Region) -> String {
    account.map_or_else(|| region.to_string(), |account| format!("{account}, {region}"))
}

/// AWS in one place of a policy.
#[derive(Clone, Debug)]
pub struct There<C> {
    cloud: C,
    place: Place,
    account: Account,
    /// As it is now: it says which other places there are.
    policies: watch::Receiver<Arc<Policy>>,
}

impl<C> There<C> {
    /// AWS in this place of the policies.
    pub fn new(cloud: C, place: Place, account: Account, policies: watch::Receiver<Arc<Policy>>) -> Self {
        Self { cloud, place, account, policies }
    }

    /// The account, once it has answered.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The Region.
    pub fn region(&self) -> &Region {
        &self.place.region
    }

    /// Holds whoever answers against what the policy says.
    fn prove(&self, found: &AccountId) -> Result<(), CloudError> {
        let Place { region, role, line } = &self.place;
        if let Some(meant) = self.place.account().filter(|meant| meant != found) {
            let why = format!("line {line} of the policy means account {meant}, and {found} answers: check roleArn");
            return Err(unbelieved("WrongAccount", why));
        }
        let policy = self.policies.borrow();
        let same =
            |other: &&Place| role.is_none() && other.region == *region && other.account().as_ref() == Some(found);
        if let Some(other) = policy.places.iter().find(same) {
            let why = format!(
                "lines {line} and {} of the policy are the same place, {found} in {region}: leave out the one without a role, or the \
                 other",
                other.line
            );
            return Err(unbelieved("SamePlace", why));
        }
        self.account.learn(found);
        Ok(())
    }
}

fn unbelieved(code: &str, message: String) -> CloudError {
    CloudError { action: Query::Identity.action().into(), code: code.into(), message, class: Class::Denied }
}

impl<C: Cloud + Sync> Cloud for There<C> {
    async fn read(&self, query: &Query) -> Result<Page, CloudError> {
        let page = self.cloud.read(query).await?;
        if let Items::Identity(found) = &page.items {
            self.prove(found)?;
        }
        Ok(page)
    }

    async fn apply(&self, step: &Step) -> Result<Outcome, CloudError> {
        self.cloud.apply(step).await
    }
}

impl<C> fmt::Display for There<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name(self.account.get(), self.region()))
    }
}

/// The places of a policy: those that it names, or the one at hand.
///
/// # Errors
///
/// When it names none, and nobody says which Region is at hand.
pub fn places(policy: &Policy, ambient: &Ambient) -> anyhow::Result<Vec<Place>> {
    if !policy.places.is_empty() {
        return Ok(policy.places.clone());
    }
    let region = ambient.region().context("the policy names no Region")?;
    Ok(vec![Place { region, role: None, line: 0 }])
}

/// AWS in every place of a policy that does not change.
///
/// # Errors
///
/// As [`places`].
pub async fn everywhere(policy: &Arc<Policy>, ambient: &Ambient) -> anyhow::Result<Vec<There<Sdk>>> {
    let mut there = Vec::new();
    for place in places(policy, ambient)? {
        let sdk = ambient.at(&place.region, place.role.as_ref(), &policy.owner).await;
        let account = Account::of(&place);
        // Whoever held the sender could change the policy: nobody does.
        there.push(There::new(sdk, place, account, watch::channel(policy.clone()).1));
    }
    Ok(there)
}

#[cfg(test)]
mod tests {
    use mirror_core::policy;

    use super::*;

    /// A cloud in which somebody answers.
    struct Answers(&'static str);

    impl Cloud for Answers {
        async fn read(&self, _: &Query) -> Result<Page, CloudError> {
            Ok(Page { items: Items::Identity(self.0.into()), next: None })
        }

        async fn apply(&self, _: &Step) -> Result<Outcome, CloudError> {
            Ok(Outcome::Done)
        }
    }

    const ROLE: &str = "{region: eu-west-1, roleArn: 'arn:aws:iam::444455556666:role/a'}";

    /// What becomes of the place in the last line, where somebody answers.
    async fn answered(accounts: &[&str], by: &'static str) -> (Account, Result<Page, CloudError>) {
        let lines: String = accounts.iter().map(|line| format!("  - {line}\n")).collect();
        let text = format!(
            "apiVersion: vpc-mirror/v1\nkind: Policy\nowner: prod\nsensors: {{sta: {{targets: [{{existing: tmt-1}}]}}}}\n\
             strategies: [{{name: jewel, importance: {{}}}}]\nscope:\n accounts:\n{lines}"
        );
        let policy = Arc::new(policy::parse("p.yaml", &text).unwrap());
        let place = policy.places.last().unwrap().clone();
        let account = Account::of(&place);
        let there = There::new(Answers(by), place, account.clone(), watch::channel(policy).1);
        let answer = there.read(&Query::Identity).await;
        (account, answer)
    }

    #[tokio::test]
    async fn a_place_is_who_the_policy_means() {
        let (account, answer) = answered(&[ROLE], "444455556666").await;
        assert_eq!((account.get(), answer.is_ok()), (Some(&"444455556666".into()), true));
        let (account, answer) = answered(&[ROLE, "{region: eu-west-1}"], "111122223333").await;
        assert_eq!((account.get(), answer.is_ok()), (Some(&"111122223333".into()), true));
        let (_, answer) = answered(&[ROLE, "{region: eu-west-2}"], "444455556666").await;
        assert!(answer.is_ok(), "the same account in another Region is another place");
    }

    #[tokio::test]
    async fn two_entries_that_turn_out_to_be_one_place_are_refused_with_both_lines() {
        let (account, answer) = answered(&[ROLE, "{region: eu-west-1}"], "444455556666").await;
        let error = answer.unwrap_err();
        assert_eq!((account.get(), error.class, error.code.as_str()), (None, Class::Denied, "SamePlace"));
        assert!(error.message.starts_with("lines 9 and 8 of the policy are the same place, 444455556666 in eu-west-1"));
    }

    #[tokio::test]
    async fn whoever_else_answers_for_a_role_is_not_believed() {
        let (_, answer) = answered(&[ROLE], "111122223333").await;
        let error = answer.unwrap_err();
        assert_eq!((error.class, error.code.as_str()), (Class::Denied, "WrongAccount"));
        assert!(error.message.contains("line 8 of the policy means account 444455556666, and 111122223333 answers"));
    }
}
