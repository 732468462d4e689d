//! Takes nothing; gives the words for where a policy is kept: an account in a Region, and how to get there. Never knows who is there.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, Region};

/// An account in a Region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The Region.
    pub region: Region,
    /// The role to act as; none is whoever the credentials at hand are.
    pub role: Option<Role>,
    /// The line of the policy file that names it, for whoever has to mend it: from 1.
    pub line: u64,
}

/// A role to act as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its ARN: `arn:aws:iam::111122223333:role/vpc-mirror`. Source: "Identify AWS resources with Amazon Resource Names (ARNs)", IAM User
    /// Guide.
    pub arn: String,
    /// What its trust policy wants to hear.
    pub external_id: Option<String>,
}

impl Place {
    /// The account, where the policy alone says which it is.
    pub fn account(&self) -> Option<AccountId> {
        self.role.as_ref().map(Role::account)
    }

    /// Whether both lead to the same place by the same way, wherever in the file they stand.
    pub fn same_way(&self, other: &Self) -> bool {
        let Self { region, role, line: _ } = self;
        *region == other.region && *role == other.role
    }
}

impl Role {
    /// The account that it belongs to.
    pub fn account(&self) -> AccountId {
        self.arn.split(':').nth(4).unwrap_or_default().into()
    }
}
