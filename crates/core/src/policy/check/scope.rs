//! Takes where a policy says that anything is wanted; gives its places and VPCs, and what is wrong with them. Never asks AWS: which account
//! the credentials at hand belong to shows later.

use std::collections::BTreeSet;

use super::Check;
use crate::ids::{Region, VpcId};
use crate::policy::decode::Spanned;
use crate::policy::file::{AccountEntry, ScopeEntry};
use crate::policy::tree::Location;
use crate::policy::{Place, Role};

/// How long an external id may be, in characters, and what it may have beside letters and digits. Source: "AssumeRole", AWS STS API
/// Reference, `ExternalId`: `[\w+=,.@:\/-]*`.
const EXTERNAL_ID: std::ops::RangeInclusive<usize> = 2..=1224;
const IN_EXTERNAL_ID: &str = "_+=,.@:/-";

/// How long a role's ARN may be, in characters. Source: the same, `RoleArn`.
const ROLE_ARN: std::ops::RangeInclusive<usize> = 20..=2048;

impl Check {
    /// The places, and the VPCs.
    pub(super) fn scope(&mut self, scope: Option<ScopeEntry>) -> (Vec<Place>, BTreeSet<VpcId>) {
        let Some(ScopeEntry { accounts, vpcs }) = scope else { return (Vec::new(), BTreeSet::new()) };
        for vpc in &vpcs {
            self.id("vpcs", &vpc.value, "vpc-", vpc.referenced);
        }
        let places = accounts.map(|accounts| self.places(accounts)).unwrap_or_default();
        (places, vpcs.iter().map(|vpc| VpcId::from(&vpc.value)).collect())
    }

    fn places(&mut self, accounts: Spanned<Vec<Spanned<AccountEntry>>>) -> Vec<Place> {
        // Nothing at all would be wanted, and everything removed: whoever means that can pause, or tear down.
        if accounts.value.is_empty() {
            let message = "accounts is empty: name an account and Region, or leave it out for those at hand";
            self.mistake(accounts.referenced, message);
        }
        let mut places: Vec<Place> = Vec::new();
        for entry in accounts.value {
            let at = entry.referenced;
            let Some(place) = self.place(entry.value, at) else { continue };
            // One account in one Region is one place, whichever role leads there: its limits are AWS's, and cannot be kept twice.
            let same = |other: &&Place| other.region == place.region && other.account() == place.account();
            if let Some(first) = places.iter().find(same) {
                let of = place.account().map_or_else(|| "without a role".into(), |account| format!("of {account}"));
                let (region, line) = (&place.region, first.line);
                self.mistake(at, format!("{region} {of} is there already, in line {line}: write it once"));
            }
            places.push(place);
        }
        places
    }

    fn place(&mut self, entry: AccountEntry, at: Location) -> Option<Place> {
        let AccountEntry { region, role_arn, external_id } = entry;
        let known = self.mistakes.len();
        if !is_region(&region.value) {
            let message = format!("region is `{}`: write the code of a Region, such as `eu-west-1`", region.value);
            self.mistake(region.referenced, message);
        }
        if let Some(arn) = role_arn.as_ref().filter(|arn| !is_role(&arn.value)) {
            let message =
                format!("roleArn is `{}`: write the ARN of a role, `arn:aws:iam::111122223333:role/…`", arn.value);
            self.mistake(arn.referenced, message);
        }
        if let Some(id) = &external_id {
            self.external_id(id, role_arn.is_some());
        }
        let external_id = external_id.map(|id| id.value);
        let role = role_arn.map(|arn| Role { arn: arn.value, external_id });
        // What is not whole is not compared with others. Where it is misshapen that has been said already.
        let whole = self.mistakes.len() == known && region.referenced != Location::NOWHERE;
        whole.then(|| Place { region: Region::from(region.value), role, line: at.line() })
    }

    fn external_id(&mut self, id: &Spanned<String>, for_a_role: bool) {
        let plain = |c: char| c.is_ascii_alphanumeric() || IN_EXTERNAL_ID.contains(c);
        if !EXTERNAL_ID.contains(&id.value.chars().count()) || !id.value.chars().all(plain) {
            let message = format!("externalId must have 2 to 1224 letters, digits or `{IN_EXTERNAL_ID}`");
            self.mistake(id.referenced, message);
        }
        if !for_a_role {
            self.mistake(id.referenced, "externalId is said to nobody: write `roleArn` beside it, or leave it out");
        }
    }
}

/// `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`: AWS adds Regions every year, so that only the form is known.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, names @ [_, _, ..])) = parts.split_last() else { return false };
    let all = |part: &str, so: fn(&u8) -> bool| !part.is_empty() && part.bytes().all(|byte| so(&byte));
    all(number, u8::is_ascii_digit) && names.iter().all(|name| all(name, u8::is_ascii_lowercase))
}

/// `arn:aws:iam::111122223333:role/path/name`, in any of AWS's partitions.
fn is_role(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, name] = parts.as_slice() else { return false };
    let account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let name = name.strip_prefix("role/").is_some_and(|name| !name.is_empty() && !name.ends_with('/'));
    ROLE_ARN.contains(&text.len()) && partition.starts_with("aws") && account && name
}
