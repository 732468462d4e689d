//! Takes wishes for targets; gives targets for resources that are there, and removes those that no session uses. Never notices when
//! the resource goes: neither does AWS.

use mirror_core::ids::{AccountId, InterfaceId, TargetId};
use mirror_core::inventory::{Resource, Tags};

use super::MirrorSession;
use crate::accounts::Owned;
use crate::error::ApiError;
use crate::index::SessionBy;
use crate::interfaces::PLAIN;
use crate::listing::Listed;
use crate::quotas::Counted;
use crate::request::CreateTrafficMirrorTarget;
use crate::tags;
use crate::world::World;

/// A traffic mirror target. No call changes one, but for its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorTarget {
    /// Its id.
    pub id: TargetId,
    /// The account that made it.
    pub owner: AccountId,
    /// What receives the packets.
    pub resource: Resource,
    /// What for.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
}

impl World {
    pub(crate) fn create_target(&mut self, wish: &CreateTrafficMirrorTarget) -> Result<MirrorTarget, ApiError> {
        let CreateTrafficMirrorTarget { resource, description, tags, token: _ } = wish;
        tags::check(tags)?;
        self.check_resource(resource)?;
        self.check_room_for(Counted::Targets)?;
        let target = MirrorTarget {
            id: self.mint.id("tmt").into(),
            owner: self.account.clone(),
            resource: resource.clone(),
            description: description.clone(),
            tags: tags.clone(),
        };
        self.targets.insert(target.id.clone(), target.clone());
        Ok(MirrorTarget { tags: self.tags_said(target.tags), ..target })
    }

    fn check_resource(&self, resource: &Resource) -> Result<(), ApiError> {
        match resource {
            Resource::NetworkInterface(id) => self.check_interface_as_target(id),
            Resource::NetworkLoadBalancer(arn) if !self.has_network_load_balancer(arn) => {
                let message = format!("Network load balancer '{arn}' does not exist");
                Err(ApiError::new("NetworkLoadBalancerNotFoundException", message))
            }
            Resource::NetworkLoadBalancer(arn) => self.target_of(resource).map_or(Ok(()), |_| {
                let message = format!("{arn} is already configured as a Traffic Mirror target");
                Err(ApiError::new("NlbInUseByTrafficMirrorTargetException", message))
            }),
            Resource::GatewayLoadBalancerEndpoint(id) if self.endpoints.get(id) != Some(&self.account) => Err(
                ApiError::new("InvalidVpcEndpointId.NotFound", format!("The Vpc Endpoint Id '{id}' does not exist")),
            ),
            Resource::GatewayLoadBalancerEndpoint(_) => Ok(()),
        }
    }

    /// An interface is a source or a target, never both, and the target of one target at most.
    fn check_interface_as_target(&self, id: &InterfaceId) -> Result<(), ApiError> {
        let code = self.unknowns.missing_target_interface;
        let interface = self.interface(id).map_err(|error| ApiError { code: code.into(), ..error })?;
        if interface.interface_type != PLAIN {
            let message = format!("{id} of type {} cannot be a target", interface.interface_type);
            return Err(ApiError::new("NetworkInterfaceNotSupported", message));
        }
        if let Some(session) = self.sessions.found(&SessionBy::Interface(id.clone())).next() {
            let message = format!("{id} is in use by session {}", self.name_of(session, &session.id));
            return Err(ApiError::new("InterfaceInUseByTrafficMirrorSession", message));
        }
        self.check_not_a_target(id)
    }

    pub(super) fn check_not_a_target(&self, id: &InterfaceId) -> Result<(), ApiError> {
        self.target_of(&Resource::NetworkInterface(id.clone())).map_or(Ok(()), |target| {
            let message = format!("{id} is in use by target {}", self.name_of(target, &target.id));
            Err(ApiError::new("InterfaceInUseByTrafficMirrorTarget", message))
        })
    }

    fn target_of(&self, resource: &Resource) -> Option<&MirrorTarget> {
        self.targets.found(resource).next()
    }

    pub(crate) fn delete_target(&mut self, id: &TargetId) -> Result<TargetId, ApiError> {
        self.own(&self.targets, id)?;
        let message = |session: &MirrorSession| format!("Cannot delete {id}. Target is in use by {}", session.id);
        let users: Vec<_> = self.sessions.found(&SessionBy::Target(id.clone())).collect();
        if let Some(session) = users.iter().find(|session| self.owns(**session)) {
            return Err(ApiError::new("TrafficMirrorTargetInUse", message(session)));
        }
        if let Some(session) = users.first() {
            self.unknowns.shared_target_in_use.or_refused(|| message(session))?;
        }
        self.targets.remove(id);
        self.shares.forget(id);
        Ok(id.clone())
    }

    /// A target that the account can use.
    pub(super) fn target(&self, id: &TargetId) -> Result<&MirrorTarget, ApiError> {
        self.seen(&self.targets, id)
    }
}

impl Owned for MirrorTarget {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Listed for MirrorTarget {
    type Id = TargetId;
    const KIND: &str = "traffic-mirror-target";
    const FILTERS: &[&str] =
        &["description", "network-interface-id", "network-load-balancer-arn", "owner-id", "traffic-mirror-target-id"];

    fn values(&self, filter: &str) -> Vec<String> {
        match (filter, &self.resource) {
            ("traffic-mirror-target-id", _) => vec![self.id.to_string()],
            ("owner-id", _) => vec![self.owner.to_string()],
            ("description", _) => self.description.iter().cloned().collect(),
            ("network-interface-id", Resource::NetworkInterface(id)) => vec![id.to_string()],
            ("network-load-balancer-arn", Resource::NetworkLoadBalancer(arn)) => vec![arn.to_string()],
            _ => Vec::new(),
        }
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn shared(&self, world: &World) -> Option<Self> {
        let is_shared = world.shares.has_target(&self.id, &world.account);
        is_shared.then(|| Self { tags: world.tags_of_another(&self.tags), ..self.clone() })
    }

    fn not_found(id: &TargetId) -> ApiError {
        ApiError::new(
            "InvalidTrafficMirrorTargetId.NotFound",
            format!("The traffic mirror target '{id}' does not exist"),
        )
    }
}
