//! Takes how many instances there shall be; gives what a fleet of that size is made of. Never makes one.

/// What a fleet is made of, in percent where nothing else is said. The default is a company that has been on AWS for years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many instances, those that are stopped or wait in warm pools among them.
    pub instances: usize,
    /// Instances in auto scaling groups, nodes of EKS clusters not among them.
    pub scaled: u8,
    /// Nodes of EKS clusters.
    pub nodes: u8,
    /// Instances of an average group of either kind.
    pub group_size: usize,
    /// Groups that have a warm pool, nodes' excepted.
    pub warmed: u8,
    /// Single machines that are stopped.
    pub stopped: u8,
    /// Roles in a VPC whose instances carry `mirror=crown-jewel`; databases always do.
    pub jewels: u8,
    /// Single machines of a type that cannot be mirrored, and groups of such.
    pub unsupported: u8,
    /// Single machines that nobody has tagged.
    pub untagged: u8,
    /// Single machines that CloudFormation has made, the untagged ones not among them.
    pub stacked: u8,
    /// VPCs with IPv6.
    pub dual_stack: u8,
    /// Single machines with a second interface.
    pub second_interfaces: u8,
}

impl Shape {
    /// A fleet of so many instances, otherwise as by default.
    pub fn of(instances: usize) -> Self {
        Self {
            instances,
            scaled: 35,
            nodes: 30,
            group_size: 24,
            warmed: 10,
            stopped: 8,
            jewels: 25,
            unsupported: 9,
            untagged: 3,
            stacked: 20,
            dual_stack: 40,
            second_interfaces: 6,
        }
    }
}
