//! Takes an instance; gives it a trunk interface, and branch interfaces behind it, as security groups for pods have them. Never attaches
//! a branch interface to the instance: it has no device index, and the instance does not list it.
//!
//! ```text
//!  instance ─attachment─ trunk (type `trunk`) ─association─ branch (type `branch`), one for each pod
//! ```
//!
//! Sources: botocore `ec2/2016-11-15`, `AssociateTrunkInterface`; aws/amazon-vpc-resource-controller-k8s, for descriptions and tags.

use mirror_core::ids::{InstanceId, InterfaceId};

use crate::error::ApiError;
use crate::network::SubnetId;
use crate::world::World;

/// The type of a trunk interface.
pub(crate) const TRUNK: &str = "trunk";

/// The type of a branch interface.
pub(crate) const BRANCH: &str = "branch";

/// Who made it, on a trunk or branch interface.
const OWNER_TAG: (&str, &str) = ("eks:eni:owner", "eks-vpc-resource-controller");

impl World {
    /// Makes a trunk interface and attaches it to an instance at the next free place.
    ///
    /// # Errors
    ///
    /// The instance does not exist, or its subnet is full.
    pub fn add_trunk_interface(&mut self, instance: &InstanceId) -> Result<InterfaceId, ApiError> {
        let subnet = self.instance(instance)?.subnet.clone();
        let place = self.next_place_on(instance);
        let mut trunk = self.new_interface(&subnet, 0)?;
        trunk.interface_type = TRUNK.into();
        trunk.description = "aws-k8s-trunk-eni".into();
        trunk.tags.insert(OWNER_TAG.0.into(), OWNER_TAG.1.into());
        let id = trunk.id.clone();
        self.interfaces.insert(id.clone(), trunk);
        self.attach(&id, instance, place, true)?;
        Ok(id)
    }

    /// Makes a branch interface behind a trunk. When the trunk goes, it stays and is `available`, until who made it removes it.
    ///
    /// # Errors
    ///
    /// The trunk does not exist or is none, or the subnet is full.
    pub fn add_branch_interface(&mut self, trunk: &InterfaceId, subnet: &SubnetId) -> Result<InterfaceId, ApiError> {
        if self.interface(trunk)?.interface_type != TRUNK {
            return Err(ApiError::invalid_value(format!("Network interface '{trunk}' is not a trunk")));
        }
        let mut branch = self.new_interface(subnet, 0)?;
        branch.interface_type = BRANCH.into();
        branch.description = "aws-k8s-branch-eni".into();
        branch.trunk = Some(trunk.clone());
        branch.tags.insert(OWNER_TAG.0.into(), OWNER_TAG.1.into());
        branch.tags.insert("vpcresources.k8s.aws/trunk-eni-id".into(), trunk.to_string());
        let id = branch.id.clone();
        self.interfaces.insert(id.clone(), branch);
        Ok(id)
    }

    /// Removes a branch interface, as its pod goes.
    ///
    /// # Errors
    ///
    /// It does not exist, or is no branch interface.
    pub fn remove_branch_interface(&mut self, branch: &InterfaceId) -> Result<(), ApiError> {
        if self.interface(branch)?.interface_type != BRANCH {
            return Err(ApiError::invalid_value(format!("Network interface '{branch}' is not a branch")));
        }
        self.remove_interface(branch);
        Ok(())
    }

    /// Lets go of the branches of a trunk that is gone.
    pub(crate) fn release_branches(&mut self, trunk: &InterfaceId) {
        let behind = self.interfaces.values().filter(|it| it.trunk.as_ref() == Some(trunk));
        let behind: Vec<InterfaceId> = behind.map(|it| it.id.clone()).collect();
        for branch in behind {
            if let Some(branch) = self.interfaces.get_mut(&branch) {
                branch.trunk = None;
            }
        }
    }
}
