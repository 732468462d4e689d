//! Takes which targets and subnets an account shares with which others; says what those see of them. Never asks the other account: a share
//! counts as accepted, and all accounts as of one organization.
//!
//! | shared            | the other account                                    | the owner                                            |
//! |-------------------|------------------------------------------------------|------------------------------------------------------|
//! | a target          | lists it, and mirrors to it                          | lists the sessions that do, and their owner          |
//! | a subnet          | lists it and its VPC, and launches into it           | lists the interfaces in it, and can mirror them      |
//!
//! Neither changes what the other owns. Sources: Traffic Mirroring guide, "Cross-account traffic mirror targets" and "Share a VPC"; for
//! subnets "Responsibilities and permissions for owners and participants", Amazon VPC User Guide. What is shared has no past: old reads
//! see it as it is shared now.

use std::collections::{BTreeMap, BTreeSet};

use mirror_core::ids::{AccountId, TargetId};

use crate::error::ApiError;
use crate::network::SubnetId;
use crate::world::World;

/// With whom an account shares what it owns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shares {
    targets: BTreeMap<TargetId, BTreeSet<AccountId>>,
    subnets: BTreeMap<SubnetId, BTreeSet<AccountId>>,
}

impl Shares {
    pub(crate) fn has_target(&self, target: &TargetId, with: &AccountId) -> bool {
        self.targets.get(target).is_some_and(|accounts| accounts.contains(with))
    }

    pub(crate) fn has_subnet(&self, subnet: &SubnetId, with: &AccountId) -> bool {
        self.subnets.get(subnet).is_some_and(|accounts| accounts.contains(with))
    }

    /// A target that is gone is shared with nobody.
    pub(crate) fn forget(&mut self, target: &TargetId) {
        self.targets.remove(target);
    }
}

impl World {
    /// Shares a target of the account that acts with another one.
    ///
    /// # Errors
    ///
    /// The account owns no such target.
    pub fn share_target(&mut self, target: &TargetId, with: &AccountId) -> Result<(), ApiError> {
        self.own(&self.targets, target)?;
        self.shares.targets.entry(target.clone()).or_default().insert(with.clone());
        Ok(())
    }

    /// Ends such a share: sessions that use the target stay, and no new one can.
    ///
    /// # Errors
    ///
    /// The account owns no such target.
    pub fn unshare_target(&mut self, target: &TargetId, with: &AccountId) -> Result<(), ApiError> {
        self.own(&self.targets, target)?;
        if let Some(accounts) = self.shares.targets.get_mut(target) {
            accounts.remove(with);
        }
        Ok(())
    }

    /// Shares a subnet of the account that acts with another one, which becomes a participant in its VPC.
    ///
    /// # Errors
    ///
    /// The account owns no such subnet, or it is in a default VPC: those cannot be shared. The code of the latter is not documented.
    pub fn share_subnet(&mut self, subnet: &SubnetId, with: &AccountId) -> Result<(), ApiError> {
        let vpc = &self.own(&self.subnets, subnet)?.vpc;
        if self.vpcs.get(vpc).is_some_and(|vpc| vpc.is_default) {
            let message = format!("The subnet '{subnet}' is in a default VPC and cannot be shared");
            return Err(ApiError::new("OperationNotPermitted", message));
        }
        self.shares.subnets.entry(subnet.clone()).or_default().insert(with.clone());
        Ok(())
    }

    /// Ends such a share: what the participant has in the subnet goes on running, and nothing new comes. Source: "Working with shared
    /// subnets", Amazon VPC User Guide.
    ///
    /// # Errors
    ///
    /// The account owns no such subnet.
    pub fn unshare_subnet(&mut self, subnet: &SubnetId, with: &AccountId) -> Result<(), ApiError> {
        self.own(&self.subnets, subnet)?;
        if let Some(accounts) = self.shares.subnets.get_mut(subnet) {
            accounts.remove(with);
        }
        Ok(())
    }
}
