//! Takes load balancers; says which listen where mirrored packets arrive: UDP, port 4789. Never makes a call fail for it: neither does
//! AWS. Mirroring to a load balancer that lost its listener just stops. Source: Traffic Mirroring guide, "Traffic mirror targets".

use mirror_core::ids::LoadBalancerArn;

use crate::world::World;

impl World {
    /// Takes the UDP listener on port 4789 off a Network Load Balancer. No call of EC2 shows it, and none fails.
    pub fn remove_mirror_listener(&mut self, load_balancer: &LoadBalancerArn) {
        self.listening.remove(load_balancer);
    }

    /// Whether a Network Load Balancer has a UDP listener on port 4789.
    pub fn has_mirror_listener(&self, load_balancer: &LoadBalancerArn) -> bool {
        self.listening.contains(load_balancer)
    }
}
