//! Takes calls of ELB's first API, version 2012-06-01; gives Classic Load Balancers, and which instances each sends to. Never balances
//! anything, and is no mirror target: those are the other API's.
//!
//! Source: botocore `elb/2012-06-01`; User Guide for Classic Load Balancers.

mod instances;
mod load_balancers;
mod request;

pub use self::load_balancers::{ClassicListener, ClassicLoadBalancer};
pub use self::request::{
    ClassicProtocol, ClassicRequest, ClassicResponse, CreateClassicLoadBalancer, DescribeClassicLoadBalancers,
    OfInstances,
};
use crate::elb::invalid;
use crate::error::ApiError;
use crate::world::World;

/// Most names in a call that asks for tags. Source: botocore, `LoadBalancerNamesMax20`.
const MOST_NAMES: usize = 20;

impl World {
    /// Carries a call of ELB's first API out.
    #[rustfmt::skip]
    pub(crate) fn balance_classically(&mut self, request: &ClassicRequest) -> Result<ClassicResponse, ApiError> {
        use ClassicRequest as Q;
        use ClassicResponse as A;
        Ok(match request {
            Q::DescribeLoadBalancers(asked) => A::DescribeLoadBalancers(self.describe_classic_load_balancers(asked)?),
            Q::DescribeTags(names) if names.len() > MOST_NAMES => return Err(invalid(format!("A request can name at most {MOST_NAMES} load balancers"))),
            Q::DescribeTags(names) => A::DescribeTags(names.iter().map(|name| Ok((name.clone(), self.classic(name)?.tags.clone()))).collect::<Result<_, _>>()?),
            Q::CreateLoadBalancer(wish) => A::CreateLoadBalancer(self.create_classic_load_balancer(wish)?),
            Q::DeleteLoadBalancer(name) => self.delete_classic_load_balancer(name).map(|()| A::DeleteLoadBalancer)?,
            Q::RegisterInstancesWithLoadBalancer(wish) => A::RegisterInstancesWithLoadBalancer(self.register_instances(wish)?),
            Q::DeregisterInstancesFromLoadBalancer(wish) => A::DeregisterInstancesFromLoadBalancer(self.deregister_instances(wish)?),
        })
    }
}
