//! Takes the parameters of an action of ELB's first API, in the query protocol; gives its request. Never asks the world.
//!
//! Source: botocore `elb/2012-06-01`, protocol `query`.

use super::super::params::Params;
use super::elb::{action_of, key_values, of_elb, pages, some, texts};
use crate::classic::{
    ClassicListener, ClassicProtocol, ClassicRequest, CreateClassicLoadBalancer, DescribeClassicLoadBalancers,
    OfInstances,
};
use crate::elb::Scheme;
use crate::error::ApiError;

/// The request that the parameters make.
pub(in crate::wire) fn request(params: Params) -> Result<ClassicRequest, ApiError> {
    of_elb(params, read)
}

fn read(mut params: Params) -> Result<ClassicRequest, ApiError> {
    let action = action_of(&mut params)?;
    let request = match action.as_str() {
        "DescribeLoadBalancers" => ClassicRequest::DescribeLoadBalancers(DescribeClassicLoadBalancers {
            names: params.list("LoadBalancerNames.member"),
            pages: pages(&mut params)?,
        }),
        "DescribeTags" => ClassicRequest::DescribeTags(texts(&mut params, "LoadBalancerNames.member")?),
        "CreateLoadBalancer" => ClassicRequest::CreateLoadBalancer(create_load_balancer(&mut params)?),
        "DeleteLoadBalancer" => ClassicRequest::DeleteLoadBalancer(params.required("LoadBalancerName")?),
        "RegisterInstancesWithLoadBalancer" => {
            ClassicRequest::RegisterInstancesWithLoadBalancer(of_instances(&mut params)?)
        }
        "DeregisterInstancesFromLoadBalancer" => {
            ClassicRequest::DeregisterInstancesFromLoadBalancer(of_instances(&mut params)?)
        }
        _ => {
            let message = format!("Could not find operation {action} for version 2012-06-01");
            return Err(ApiError::new("InvalidAction", message));
        }
    };
    params.finish()?;
    Ok(request)
}

fn create_load_balancer(params: &mut Params) -> Result<CreateClassicLoadBalancer, ApiError> {
    Ok(CreateClassicLoadBalancer {
        name: params.required("LoadBalancerName")?,
        listeners: some(params, "Listeners.member", |params, name| params.structures(name, listener))?,
        zones: params.ids("AvailabilityZones.member"),
        subnets: params.ids("Subnets.member"),
        security_groups: params.ids("SecurityGroups.member"),
        scheme: params.parsed("Scheme", Scheme::named)?,
        tags: key_values(params)?,
    })
}

fn listener(listener: &mut Params) -> Result<ClassicListener, ApiError> {
    let protocol = listener.required_parsed("Protocol", ClassicProtocol::named)?;
    Ok(ClassicListener {
        protocol,
        port: listener.required_number("LoadBalancerPort")?,
        instance_protocol: listener.parsed("InstanceProtocol", ClassicProtocol::named)?.unwrap_or(protocol),
        instance_port: listener.required_number("InstancePort")?,
        certificate: listener.optional("SSLCertificateId"),
    })
}

fn of_instances(params: &mut Params) -> Result<OfInstances, ApiError> {
    let name = params.required("LoadBalancerName")?;
    let id = |instance: &mut Params| instance.id("InstanceId");
    Ok(OfInstances { name, instances: some(params, "Instances.member", |params, name| params.structures(name, id))? })
}
