//! Takes the parameters of an action on instances, interfaces, networks or tags; gives its request. Never knows a mirror.

use mirror_core::ids::{AttachmentId, InterfaceId};

use super::machines::{launch_interfaces, spot_options};
use super::{describe, describe_only, tag, tag_specifications, token};
use crate::error::ApiError;
use crate::request::{CreateTags, DeleteTags, Describe, Request, RunInstances};
use crate::wire::params::Params;

/// What `RunInstances` may say without any effect on the simulated world: it has no keys, disks, groups, roles or prices.
#[rustfmt::skip]
const WITHOUT_EFFECT_ON_LAUNCH: &[&str] = &[
    "BlockDeviceMapping", "CreditSpecification", "DisableApiStop", "DisableApiTermination", "EbsOptimized",
    "IamInstanceProfile", "InstanceInitiatedShutdownBehavior", "KeyName", "MaintenanceOptions", "MetadataOptions",
    "Monitoring", "SecurityGroup", "SecurityGroupId", "UserData",
];

/// The type of instance that is launched when none is named. Source: botocore, `RunInstances`.
const DEFAULT_INSTANCE_TYPE: &str = "m1.small";

/// The request of an action; none if this is no action of this kind.
pub(super) fn request(action: &str, params: &mut Params) -> Result<Option<Request>, ApiError> {
    Ok(Some(match action {
        "GetCallerIdentity" => Request::GetCallerIdentity,
        "DescribeAvailabilityZones" => {
            params.ignore(&["AllAvailabilityZones"]);
            Request::DescribeAvailabilityZones(describe(params, "ZoneName")?)
        }
        "DescribeVpcs" => Request::DescribeVpcs(describe(params, "VpcId")?),
        "DescribeSubnets" => Request::DescribeSubnets(describe(params, "SubnetId")?),
        "DescribeInstances" => {
            let include_managed = params.flag("IncludeManagedResources")?;
            Request::DescribeInstances(Describe { include_managed, ..describe(params, "InstanceId")? })
        }
        "RunInstances" => Request::RunInstances(run_instances(params)?),
        "StartInstances" => Request::StartInstances(instances(params)?),
        "StopInstances" => {
            params.ignore(&["Force", "SkipOsShutdown"]);
            Request::StopInstances(instances(params)?)
        }
        "TerminateInstances" => {
            params.ignore(&["Force", "SkipOsShutdown"]);
            Request::TerminateInstances(instances(params)?)
        }
        "DescribeNetworkInterfaces" => {
            let include_managed = params.flag("IncludeManagedResources")?;
            Request::DescribeNetworkInterfaces(Describe { include_managed, ..describe(params, "NetworkInterfaceId")? })
        }
        "DetachNetworkInterface" => {
            params.ignore(&["Force"]);
            Request::DetachNetworkInterface(params.id::<AttachmentId>("AttachmentId")?)
        }
        "DeleteNetworkInterface" => Request::DeleteNetworkInterface(params.id::<InterfaceId>("NetworkInterfaceId")?),
        "CreateTags" => Request::CreateTags(create_tags(params)?),
        "DeleteTags" => Request::DeleteTags(delete_tags(params)?),
        "DescribeTags" => Request::DescribeTags(describe_only(params, Vec::new())?),
        _ => return Ok(None),
    }))
}

fn run_instances(params: &mut Params) -> Result<RunInstances, ApiError> {
    params.ignore(WITHOUT_EFFECT_ON_LAUNCH);
    let mut tags = tag_specifications(params, &["instance", "network-interface", "volume"])?;
    Ok(RunInstances {
        image: params.required("ImageId")?,
        instance_type: params.optional("InstanceType").unwrap_or_else(|| DEFAULT_INSTANCE_TYPE.into()),
        subnet: params.optional_id("SubnetId"),
        min_count: params.required_number("MinCount")?,
        max_count: params.required_number("MaxCount")?,
        ipv6_addresses: params.number("Ipv6AddressCount")?.unwrap_or_default(),
        instance_tags: tags.remove("instance").unwrap_or_default(),
        interface_tags: tags.remove("network-interface").unwrap_or_default(),
        interfaces: launch_interfaces(params)?,
        spot: spot_options(params)?,
        token: token(params),
    })
}

/// At least one id: without, the calls would be about no instance, or about all.
fn instances<Id: for<'a> From<&'a str>>(params: &mut Params) -> Result<Vec<Id>, ApiError> {
    let ids = params.ids("InstanceId");
    if ids.is_empty() { Err(params.missing("InstanceId")) } else { Ok(ids) }
}

fn create_tags(params: &mut Params) -> Result<CreateTags, ApiError> {
    let wish =
        CreateTags { resources: params.list("ResourceId"), tags: params.structures("Tag", tag)?.into_iter().collect() };
    match (wish.resources.is_empty(), wish.tags.is_empty()) {
        (true, _) => Err(params.missing("ResourceId")),
        (_, true) => Err(params.missing("Tag")),
        _ => Ok(wish),
    }
}

fn delete_tags(params: &mut Params) -> Result<DeleteTags, ApiError> {
    let resources = params.list("ResourceId");
    if resources.is_empty() {
        return Err(params.missing("ResourceId"));
    }
    let tags = params.structures("Tag", |tag| Ok((tag.required("Key")?, tag.optional("Value"))))?;
    Ok(DeleteTags { resources, tags })
}
