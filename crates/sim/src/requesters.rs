//! Takes services of AWS; gives the interfaces that they keep in a customer's subnets, as they describe themselves. Never lets a
//! customer change one.
//!
//! | made by                     | type                             | attached to a machine of | a source |
//! |-----------------------------|----------------------------------|--------------------------|----------|
//! | RDS                         | `interface`                      | `amazon-rds`             | yes      |
//! | ElastiCache                 | `interface`                      | `amazon-elasticache`     | yes      |
//! | Application Load Balancer   | `interface`                      | `amazon-elb`             | no       |
//! | Network Load Balancer       | `network_load_balancer`          | `amazon-elb`             | no       |
//! | Gateway Load Balancer       | `gateway_load_balancer`          | `amazon-elb`             | no       |
//! | its endpoint                | `gateway_load_balancer_endpoint` | `amazon-aws`             | no       |
//! | interface VPC endpoint      | `vpc_endpoint`                   | `amazon-aws`             | no       |
//! | NAT gateway                 | `nat_gateway`                    | `amazon-aws`             | no       |
//! | Lambda                      | `lambda`                         | `amazon-aws`             | no       |
//! | Amazon QuickSight           | `quicksight`                     | `amazon-aws`             | no       |
//! | Transit gateway             | `transit_gateway`                | `amazon-aws`             | no       |
//! | Fargate                     | `interface`                      | AWS's account            | no       |
//!
//! None of these machines has an instance id. Sources: Traffic Mirroring guide (2026), "Limitations"; botocore `ec2/2016-11-15`,
//! `interface-type`, whose enumeration has `natGateway`, which is not what is answered; for the rest, answers of
//! `DescribeNetworkInterfaces` that people have published.

use mirror_core::ids::InterfaceId;

use crate::error::ApiError;
use crate::interfaces::{Attachment, AttachmentStatus, NetworkInterface, PLAIN};
use crate::network::SubnetId;
use crate::world::World;

/// An account of AWS's own.
const ACCOUNT_OF_AWS: &str = "727180483921";

/// A service of AWS that makes interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requester {
    /// Amazon RDS: a database's.
    Rds,
    /// Amazon ElastiCache: a cache node's.
    ElastiCache,
    /// Elastic Load Balancing: a node's of an Application Load Balancer.
    ApplicationLoadBalancer,
    /// Elastic Load Balancing: a node's of a Network Load Balancer.
    NetworkLoadBalancer,
    /// Elastic Load Balancing: a node's of a Gateway Load Balancer.
    GatewayLoadBalancer,
    /// A Gateway Load Balancer endpoint's.
    GatewayLoadBalancerEndpoint,
    /// An interface endpoint's of AWS PrivateLink.
    VpcEndpoint,
    /// A NAT gateway's.
    NatGateway,
    /// AWS Lambda: shared by the functions with the same subnet and groups.
    Lambda,
    /// Amazon QuickSight: a VPC connection's.
    QuickSight,
    /// A transit gateway attachment's.
    TransitGateway,
    /// AWS Fargate: a task's.
    Fargate,
}

impl Requester {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Rds,
        Self::ElastiCache,
        Self::ApplicationLoadBalancer,
        Self::NetworkLoadBalancer,
        Self::GatewayLoadBalancer,
        Self::GatewayLoadBalancerEndpoint,
        Self::VpcEndpoint,
        Self::NatGateway,
        Self::Lambda,
        Self::QuickSight,
        Self::TransitGateway,
        Self::Fargate,
    ];

    /// As `interfaceType` says it.
    pub fn interface_type(self) -> &'static str {
        match self {
            Self::Rds | Self::ElastiCache | Self::ApplicationLoadBalancer | Self::Fargate => PLAIN,
            Self::NetworkLoadBalancer => "network_load_balancer",
            Self::GatewayLoadBalancer => "gateway_load_balancer",
            Self::GatewayLoadBalancerEndpoint => "gateway_load_balancer_endpoint",
            Self::VpcEndpoint => "vpc_endpoint",
            Self::NatGateway => "nat_gateway",
            Self::Lambda => "lambda",
            Self::QuickSight => "quicksight",
            Self::TransitGateway => "transit_gateway",
        }
    }

    /// As `requesterId` says it: an alias, or an account of AWS's.
    pub fn id(self) -> &'static str {
        match self {
            Self::Rds => "amazon-rds",
            Self::ElastiCache => "amazon-elasticache",
            Self::ApplicationLoadBalancer | Self::NetworkLoadBalancer | Self::GatewayLoadBalancer => "amazon-elb",
            _ => ACCOUNT_OF_AWS,
        }
    }

    /// As `instanceOwnerId` says it: whose machine the interface is attached to.
    pub fn instance_owner(self) -> &'static str {
        match self {
            Self::Rds | Self::ElastiCache => self.id(),
            Self::ApplicationLoadBalancer | Self::NetworkLoadBalancer | Self::GatewayLoadBalancer => self.id(),
            Self::Fargate => ACCOUNT_OF_AWS,
            _ => "amazon-aws",
        }
    }

    fn description(self, world: &World, digits: &str) -> String {
        let World { region, account, .. } = world;
        match self {
            Self::Rds => "RDSNetworkInterface".into(),
            Self::ElastiCache => format!("ElastiCache cache-{digits}"),
            Self::ApplicationLoadBalancer => format!("ELB app/load-balancer/{digits}"),
            Self::NetworkLoadBalancer => format!("ELB net/load-balancer/{digits}"),
            Self::GatewayLoadBalancer => format!("ELB gwy/load-balancer/{digits}"),
            Self::GatewayLoadBalancerEndpoint => format!("VPC Endpoint GatewayLoadBalancer Interface vpce-0{digits}"),
            Self::VpcEndpoint => format!("VPC Endpoint Interface vpce-0{digits}"),
            Self::NatGateway => format!("Interface for NAT Gateway nat-0{digits}"),
            Self::Lambda => format!("AWS Lambda VPC ENI-function-{digits}"),
            Self::QuickSight => "QuickSight".into(),
            Self::TransitGateway => format!("Network Interface for Transit Gateway Attachment tgw-attach-0{digits}"),
            Self::Fargate => format!("arn:aws:ecs:{region}:{account}:attachment/{digits}"),
        }
    }

    /// What is attached by Hyperplane rather than to one machine has ids of its own.
    fn attachment_prefix(self) -> &'static str {
        if self.instance_owner() == "amazon-aws" { "ela-attach" } else { "eni-attach" }
    }
}

impl NetworkInterface {
    /// Whether one of the two services made it whose interfaces may be sources though AWS manages them. Source: Traffic Mirroring guide
    /// (2026), "Limitations".
    pub(crate) fn is_of_a_database(&self) -> bool {
        self.is_plain_one_of(Requester::Rds) || self.is_plain_one_of(Requester::ElastiCache)
    }

    /// Whether an Application Load Balancer's node has it: those of the other load balancers are of types of their own.
    pub(crate) fn is_of_a_load_balancer(&self) -> bool {
        self.is_plain_one_of(Requester::ApplicationLoadBalancer)
    }

    fn is_plain_one_of(&self, requester: Requester) -> bool {
        self.interface_type == PLAIN && self.requester.as_deref() == Some(requester.id())
    }
}

impl World {
    /// Adds an interface as this service makes it, which is attached to a machine of the service's.
    ///
    /// # Errors
    ///
    /// The subnet does not exist, or has no free address.
    pub fn add_interface_of(&mut self, requester: Requester, subnet: &SubnetId) -> Result<InterfaceId, ApiError> {
        let mut interface = self.new_interface(subnet, 0)?;
        interface.interface_type = requester.interface_type().into();
        interface.requester_managed = requester != Requester::Fargate || self.unknowns.fargate_is_requester_managed;
        interface.requester = Some(requester.id().into());
        let digits = self.mint.digits("requester");
        interface.description = requester.description(self, &digits);
        interface.attachment = Some(Attachment {
            id: self.mint.id(requester.attachment_prefix()).into(),
            instance: None,
            instance_owner: Some(requester.instance_owner().into()),
            device_index: 1,
            network_card: 0,
            status: AttachmentStatus::Attached,
            delete_on_termination: false,
            attached_at: self.now,
        });
        let id = interface.id.clone();
        self.interfaces.insert(id.clone(), interface);
        Ok(id)
    }

    /// Adds an interface of this type, as the service makes it that has interfaces of such a type: for `interface`, an Application Load
    /// Balancer, and for a type that is not in the table, which AWS may add any day, one of which only the type is known.
    ///
    /// # Errors
    ///
    /// As [`Self::add_interface_of`].
    pub fn add_requester_managed_interface(
        &mut self,
        subnet: &SubnetId,
        interface_type: &str,
    ) -> Result<InterfaceId, ApiError> {
        let of_its_own = Requester::ALL.into_iter().find(|it| it.interface_type() == interface_type);
        match of_its_own {
            _ if interface_type == PLAIN => self.add_interface_of(Requester::ApplicationLoadBalancer, subnet),
            Some(requester) => self.add_interface_of(requester, subnet),
            None => {
                let id = self.add_interface_of(Requester::VpcEndpoint, subnet)?;
                let interface = self.interface_mut(&id)?;
                interface.interface_type = interface_type.into();
                interface.description = String::new();
                Ok(id)
            }
        }
    }

    /// Takes away an interface that a service has made, as the service does when it needs it no longer.
    ///
    /// # Errors
    ///
    /// It does not exist, or no service manages it.
    pub fn remove_interface_of_aws(&mut self, id: &InterfaceId) -> Result<(), ApiError> {
        if self.interface(id)?.requester.is_none() {
            return Err(ApiError::invalid_value(format!("Network interface '{id}' is not managed by a service")));
        }
        self.remove_interface(id);
        Ok(())
    }
}
