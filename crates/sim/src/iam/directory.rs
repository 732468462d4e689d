//! Takes users, roles, access keys and policies; gives who is behind a key, and whether he may do what he asks for. Never changes
//! anything but itself.

use std::collections::BTreeMap;

use mirror_core::Time;
use mirror_core::ids::AccountId;

use super::context::Context;
use super::decision::{Decision, decide};
use super::denial;
use super::keys::{AccessKey, Rejected};
use super::needs::{Need, needs};
use super::policy::Policy;
use super::principal::{Principal, user_id};
use crate::api::{Caller, check_named};
use crate::error::ApiError;
use crate::request::Request;
use crate::world::World;

/// All that is registered, of all accounts.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// By account and the end of the ARN: `user/alice`, `role/mirror`.
    principals: BTreeMap<(AccountId, String), Principal>,
    /// Service control policies, by the account that they hang on. The one that AWS hangs on every account at first and that allows
    /// everything (`FullAWSAccess`) stays, so that these can only deny.
    controls: BTreeMap<AccountId, Vec<Policy>>,
    pub(super) keys: BTreeMap<String, AccessKey>,
}

impl Directory {
    /// Whether nobody is registered: then everybody may everything.
    pub fn is_empty(&self) -> bool {
        self.principals.is_empty()
    }

    /// Registers a principal of an account, or puts it in the place of the one that is there, and gives its ARN: `user/alice` and
    /// `role/mirror` are names, and may have paths. Source: "IAM identifiers", IAM User Guide.
    pub fn add(&mut self, account: &AccountId, name: &str, principal: Principal) -> String {
        self.principals.insert((account.clone(), name.into()), principal);
        arn(account, name)
    }

    /// Removes a principal, its keys, and the sessions of a role: whoever gets its name later gets none of them, since for AWS he is
    /// somebody else. Source: "IAM identifiers", IAM User Guide, unique identifiers.
    pub fn remove(&mut self, account: &AccountId, name: &str) {
        let gone = arn(account, name);
        let is_its = |key: &AccessKey| self.principal(&key.caller).is_some_and(|(arn, _)| arn == gone);
        let ids: Vec<String> = self.keys.iter().filter(|(_, key)| is_its(key)).map(|(id, _)| id.clone()).collect();
        ids.iter().for_each(|id| self.delete_key(id));
        self.principals.remove(&(account.clone(), name.into()));
    }

    /// Hangs a service control policy on an account. It binds everybody there.
    pub fn control(&mut self, account: &AccountId, policy: Policy) {
        self.controls.entry(account.clone()).or_default().push(policy);
    }

    /// Takes all service control policies off an account.
    pub fn release(&mut self, account: &AccountId) {
        self.controls.remove(account);
    }

    /// Gives a caller an access key with this id, for good.
    pub fn add_key(&mut self, id: &str, caller: &Caller) {
        self.keys.insert(id.into(), AccessKey { caller: caller.clone(), session: None });
    }

    /// Deletes an access key.
    pub fn delete_key(&mut self, id: &str) {
        self.keys.remove(id);
    }

    /// Who is behind an access key.
    ///
    /// # Errors
    ///
    /// When nobody is: the key or the principal is not there (any more), the token is not the key's, or its time is over.
    pub fn caller(&self, key: &str, token: Option<&str>, now: Time) -> Result<Caller, Rejected> {
        let caller = self.keys.get(key).ok_or(Rejected::Unknown)?.caller(token, now)?;
        self.principal(caller).map(|_| caller.clone()).ok_or(Rejected::Unknown)
    }

    /// An error, unless the caller may do all that the request needs. One thing that he may not is enough, and the first is named.
    pub(crate) fn authorize(&self, world: &World, caller: &Caller, request: &Request) -> Result<(), ApiError> {
        if self.is_empty() {
            return Ok(());
        }
        let (arn, principal) = self.principal(caller).ok_or_else(|| Rejected::Unknown.error(api_of(request)))?;
        if !world.unknowns.absent_is_denied {
            check_named(world, request)?;
        }
        for need in needs(world, request) {
            let decision = self.decision(world, caller, (&arn, principal), &need);
            if !matches!(decision, Decision::Allowed(_)) {
                return Err(denial::refusal(caller, &need, &decision));
            }
        }
        Ok(())
    }

    /// What the policies of a caller say of one thing that he needs.
    pub(super) fn decision(
        &self,
        world: &World,
        caller: &Caller,
        (arn, principal): (&str, &Principal),
        need: &Need,
    ) -> Decision {
        let controls = self.controls.get(&caller.account).map_or(&[][..], Vec::as_slice);
        decide(&principal.policies, controls, need, &context(world, principal.keys(caller, arn), need))
    }

    /// A registered principal and its ARN; a session's is its role.
    pub(super) fn principal(&self, caller: &Caller) -> Option<(String, &Principal)> {
        let Caller { account, principal } = caller;
        let session = principal.strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/'));
        match session {
            Some((role, _)) => self.role(account, role),
            None => {
                let known = self.principals.get(&(account.clone(), principal.clone()))?;
                Some((arn(account, principal), known)).filter(|(_, known)| known.trust.is_none())
            }
        }
    }

    /// A role by its name: sessions do not show its path, so that a name is given once in an account, whatever its path.
    fn role(&self, account: &AccountId, name: &str) -> Option<(String, &Principal)> {
        let first = (account.clone(), String::from("role/"));
        let roles =
            self.principals.range(first..).take_while(|((of, name), _)| of == account && name.starts_with("role/"));
        let mut named = roles.filter(|((_, full), _)| full.rsplit('/').next() == Some(name));
        named.next().map(|((_, full), role)| (arn(account, full), role))
    }

    /// A role by its ARN, with the account and the name.
    pub(super) fn role_at(&self, arn: &str) -> Option<(AccountId, &str, &Principal)> {
        let mut found = self.principals.iter().filter(|(_, principal)| principal.trust.is_some());
        let ((account, name), role) = found.find(|((account, name), _)| self::arn(account, name) == arn)?;
        Some((account.clone(), name, role))
    }

    /// The unique id of a caller, if he is registered.
    pub(crate) fn user_id(&self, caller: &Caller) -> Option<String> {
        self.principal(caller).map(|(arn, principal)| user_id(caller, &arn, principal))
    }
}

/// All that is known of a call: of who makes it, of what it needs, of where and when.
pub(super) fn context(world: &World, mut keys: Context, need: &Need) -> Context {
    let World { region, now, .. } = world;
    keys.extend(&need.keys);
    let keys =
        keys.with("aws:RequestedRegion", region).with("aws:CurrentTime", now).with("aws:EpochTime", now.as_second());
    if need.action.starts_with("ec2:") { keys.with("ec2:Region", region) } else { keys }
}

/// The API that a request is made to, as its signature names it.
fn api_of(request: &Request) -> &'static str {
    match request {
        Request::GetCallerIdentity | Request::AssumeRole(_) => "sts",
        Request::Elb(_) | Request::Classic(_) => "elasticloadbalancing",
        Request::Waf(_) => "wafv2",
        Request::GetResources(_) => "tagging",
        _ => "ec2",
    }
}

fn arn(account: &AccountId, name: &str) -> String {
    format!("arn:aws:iam::{account}:{name}")
}
