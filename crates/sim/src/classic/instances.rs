//! Takes Classic Load Balancers and instances; registers the ones with the others, and takes them off. Never takes one off by itself: that
//! a terminated instance is, no source says, and a list that names what is gone is the harsher one to read.
//!
//! Source: botocore `elb/2012-06-01`, `RegisterInstancesWithLoadBalancer`: a running instance in the load balancer's VPC.

use std::collections::BTreeSet;

use mirror_core::ids::InstanceId;
use mirror_core::inventory::InstanceState;

use super::load_balancers::ClassicLoadBalancer;
use super::request::OfInstances;
use crate::error::ApiError;
use crate::world::World;

impl World {
    pub(super) fn register_instances(&mut self, wish: &OfInstances) -> Result<BTreeSet<InstanceId>, ApiError> {
        let balancer = self.classic(&wish.name)?;
        if let Some(wrong) = wish.instances.iter().find(|id| !self.can_be_registered(balancer, id)) {
            return Err(invalid_instance(wrong));
        }
        let balancer = self.classic_mut(&wish.name)?;
        balancer.instances.extend(wish.instances.iter().cloned());
        Ok(balancer.instances.clone())
    }

    /// One that is there and is not registered is taken off all the same.
    pub(super) fn deregister_instances(&mut self, wish: &OfInstances) -> Result<BTreeSet<InstanceId>, ApiError> {
        let balancer = self.classic(&wish.name)?;
        let known = |id: &&InstanceId| balancer.instances.contains(*id) || self.seen(&self.instances, id).is_ok();
        if let Some(wrong) = wish.instances.iter().find(|id| !known(id)) {
            return Err(invalid_instance(wrong));
        }
        let balancer = self.classic_mut(&wish.name)?;
        balancer.instances.retain(|id| !wish.instances.contains(id));
        Ok(balancer.instances.clone())
    }

    fn can_be_registered(&self, balancer: &ClassicLoadBalancer, id: &InstanceId) -> bool {
        let runs = |state| matches!(state, InstanceState::Pending | InstanceState::Running);
        let near = |id: &InstanceId| {
            self.interfaces_of(id)
                .iter()
                .any(|interface| self.interfaces.get(interface).is_some_and(|interface| interface.vpc == balancer.vpc))
        };
        self.seen(&self.instances, id).is_ok_and(|instance| runs(instance.state)) && near(id)
    }
}

fn invalid_instance(id: &InstanceId) -> ApiError {
    ApiError::new("InvalidInstance", format!("Could not find EC2 instance {id}."))
}
