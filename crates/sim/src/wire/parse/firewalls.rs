//! Takes the parameters of an action on security groups, network ACLs or prefix lists; gives its request. Never lets a parameter pass that
//! it does not understand.
//!
//! A permission on the wire has one protocol and many peers: here it is a rule for each. Source of the names: botocore `ec2/2016-11-15`.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{describe, describe_only, tags};
use crate::error::ApiError;
use crate::request::{
    AuthorizeSecurityGroup, CreateSecurityGroup, GetManagedPrefixListEntries, GroupRuleWish, Request,
    RevokeSecurityGroup,
};
use crate::security_groups::{Peer, protocol_named};
use crate::wire::params::Params;

/// The request of an action; none if this is no action of this kind.
pub(super) fn request(action: &str, params: &mut Params) -> Result<Option<Request>, ApiError> {
    Ok(Some(match action {
        "CreateSecurityGroup" => Request::CreateSecurityGroup(CreateSecurityGroup {
            name: params.required("GroupName")?,
            description: params.required("GroupDescription")?,
            vpc: params.optional_id("VpcId"),
            tags: tags(params, "security-group")?,
        }),
        "DescribeSecurityGroups" => Request::DescribeSecurityGroups(describe(params, "GroupId")?),
        "DescribeSecurityGroupRules" => Request::DescribeSecurityGroupRules(describe(params, "SecurityGroupRuleId")?),
        "AuthorizeSecurityGroupIngress" => Request::AuthorizeSecurityGroupIngress(authorize(params)?),
        "AuthorizeSecurityGroupEgress" => Request::AuthorizeSecurityGroupEgress(authorize(params)?),
        "RevokeSecurityGroupIngress" => Request::RevokeSecurityGroupIngress(revoke(params)?),
        "RevokeSecurityGroupEgress" => Request::RevokeSecurityGroupEgress(revoke(params)?),
        "DeleteSecurityGroup" => Request::DeleteSecurityGroup(params.id("GroupId")?),
        "DescribeNetworkAcls" => Request::DescribeNetworkAcls(describe(params, "NetworkAclId")?),
        "DescribeManagedPrefixLists" => Request::DescribeManagedPrefixLists(describe(params, "PrefixListId")?),
        "GetManagedPrefixListEntries" => Request::GetManagedPrefixListEntries(GetManagedPrefixListEntries {
            list: params.id("PrefixListId")?,
            version: params.number("TargetVersion")?,
            entries: describe_only(params, Vec::new())?,
        }),
        _ => return Ok(None),
    }))
}

fn authorize(params: &mut Params) -> Result<AuthorizeSecurityGroup, ApiError> {
    let group = params.id("GroupId")?;
    let tags = tags(params, "security-group-rule")?;
    let rules = rules(params)?;
    if rules.is_empty() {
        Err(params.missing("IpPermissions"))
    } else {
        Ok(AuthorizeSecurityGroup { group, rules, tags })
    }
}

fn revoke(params: &mut Params) -> Result<RevokeSecurityGroup, ApiError> {
    let wish = RevokeSecurityGroup {
        group: params.id("GroupId")?,
        ids: params.ids("SecurityGroupRuleId"),
        rules: rules(params)?,
    };
    match (wish.rules.is_empty(), wish.ids.is_empty()) {
        (true, true) => Err(ApiError::new(
            "MissingParameter",
            "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.",
        )),
        (false, false) => Err(ApiError::invalid_combination(
            "The parameters IpPermissions and SecurityGroupRuleId cannot be used together",
        )),
        _ => Ok(wish),
    }
}

/// The rules of `IpPermissions`, or the one that the parameters make which are there without it.
fn rules(params: &mut Params) -> Result<Vec<GroupRuleWish>, ApiError> {
    let rules = params.structures("IpPermissions", permission)?.concat();
    if params.peek("IpProtocol").is_none() {
        return Ok(rules);
    }
    if !rules.is_empty() {
        return Err(ApiError::invalid_combination(
            "The parameter 'ipPermissions' may not be used in combination with 'ipProtocol'",
        ));
    }
    let (protocol, from, to) = transport(params)?;
    let block = params.required_parsed("CidrIp", |text| text.parse().ok().map(IpNet::V4))?;
    Ok(vec![GroupRuleWish { protocol, from, to, peer: Peer::Block(block), description: None }])
}

/// A protocol, none for all, with the first and the last port.
type Transport = (Option<u8>, Option<i32>, Option<i32>);

fn transport(params: &mut Params) -> Result<Transport, ApiError> {
    let protocol = protocol_named(&params.required("IpProtocol")?)?;
    Ok((protocol, params.number("FromPort")?, params.number("ToPort")?))
}

fn permission(params: &mut Params) -> Result<Vec<GroupRuleWish>, ApiError> {
    let (protocol, from, to) = transport(params)?;
    let described = |peer: Peer, params: &mut Params| Ok((peer, params.optional("Description")));
    let ipv4 = |range: &mut Params| {
        let block = range.required_parsed("CidrIp", |text| text.parse::<Ipv4Net>().ok())?;
        described(Peer::Block(block.into()), range)
    };
    let ipv6 = |range: &mut Params| {
        let block = range.required_parsed("CidrIpv6", |text| text.parse::<Ipv6Net>().ok())?;
        described(Peer::Block(block.into()), range)
    };
    let mut peers = params.structures("IpRanges", ipv4)?;
    peers.extend(params.structures("Ipv6Ranges", ipv6)?);
    peers.extend(
        params.structures("PrefixListIds", |list| described(Peer::PrefixList(list.id("PrefixListId")?), list))?,
    );
    peers.extend(params.structures("Groups", |pair| {
        // Whose group it is follows from its id.
        pair.ignore(&["UserId"]);
        described(Peer::Group(pair.id("GroupId")?), pair)
    })?);
    if peers.is_empty() {
        return Err(params.missing("IpRanges"));
    }
    let rule = |(peer, description)| GroupRuleWish { protocol, from, to, peer, description };
    Ok(peers.into_iter().map(rule).collect())
}
