//! Takes an interface and an instance; attaches one to the other, or detaches it. Never makes either.

use jiff::SignedDuration;
use mirror_core::ids::{AttachmentId, InstanceId, InterfaceId};
use mirror_core::inventory::InstanceState;

use crate::agenda::Event;
use crate::error::ApiError;
use crate::index::InterfaceBy;
use crate::interfaces::{Attachment, AttachmentStatus, EFA_ONLY, NetworkInterface};
use crate::launching::{Place, network_cards, no_such_place};
use crate::request::AttachNetworkInterface;
use crate::trunks::BRANCH;
use crate::world::World;

/// How long it takes to attach or detach an interface. AWS promises nothing; about two seconds is common.
pub(crate) const ATTACHING: SignedDuration = SignedDuration::from_secs(2);

impl World {
    pub(crate) fn attach_network_interface(&mut self, wish: &AttachNetworkInterface) -> Result<AttachmentId, ApiError> {
        let AttachNetworkInterface { interface, instance, device_index, network_card } = wish;
        self.check_attachable(wish)?;
        self.attach_at(
            interface,
            instance,
            Place { device_index: *device_index, network_card: *network_card, delete_on_termination: false },
        )
    }

    /// Attaches to the first network card, without asking in which state the instance is.
    pub(crate) fn attach(
        &mut self,
        interface: &InterfaceId,
        instance: &InstanceId,
        device_index: i32,
        delete_on_termination: bool,
    ) -> Result<AttachmentId, ApiError> {
        self.attach_at(interface, instance, Place { device_index, network_card: 0, delete_on_termination })
    }

    /// Attaches without asking in which state the instance is: a launch attaches before there is one that runs.
    pub(crate) fn attach_at(
        &mut self,
        interface: &InterfaceId,
        instance: &InstanceId,
        Place { device_index, network_card, delete_on_termination }: Place,
    ) -> Result<AttachmentId, ApiError> {
        let id = AttachmentId::from(self.mint.id("eni-attach"));
        let attached_at = self.now;
        self.interface_mut(interface)?.attachment = Some(Attachment {
            id: id.clone(),
            instance: Some(instance.clone()),
            instance_owner: None,
            device_index,
            network_card,
            status: AttachmentStatus::Attaching,
            delete_on_termination,
            attached_at,
        });
        self.happens_after(ATTACHING, Event::Attaches(interface.clone(), id.clone()));
        Ok(id)
    }

    fn check_attachable(&self, wish: &AttachNetworkInterface) -> Result<(), ApiError> {
        let AttachNetworkInterface { interface, instance, device_index: index, network_card: card } = wish;
        let candidate = self.interface(interface)?;
        let host = self.instance(instance)?;
        if candidate.attachment.is_some() || candidate.interface_type == BRANCH {
            return Err(ApiError::new("InvalidNetworkInterface.InUse", format!("Interface: [{interface}] in use.")));
        }
        if !matches!(host.state, InstanceState::Running | InstanceState::Stopped) {
            return Err(ApiError::new(
                "IncorrectState",
                format!("Instance '{instance}' is not 'running' or 'stopped'."),
            ));
        }
        if candidate.zone != host.zone {
            return Err(ApiError::invalid_combination(format!(
                "Network interface '{interface}' and instance '{instance}' are not in the same Availability Zone."
            )));
        }
        let is_primary = (*card, *index) == (0, 0);
        let cards = network_cards(&host.instance_type);
        if *index < 0 || !(0..cards).contains(card) || (is_primary && candidate.interface_type == EFA_ONLY) {
            return Err(no_such_place(&host.instance_type));
        }
        let hangs_there = |other: &NetworkInterface| {
            let place = other.attachment.as_ref().map(|attachment| (attachment.network_card, attachment.device_index));
            place == Some((*card, *index))
        };
        if self.hanging_on(instance).any(hangs_there) {
            return Err(ApiError::invalid_value(format!(
                "Instance '{instance}' already has an interface attached at device index '{index}'."
            )));
        }
        Ok(())
    }

    pub(crate) fn detach_network_interface(&mut self, id: &AttachmentId) -> Result<(), ApiError> {
        let interface = self.interface_attached_by(id).map(|interface| interface.id.clone());
        let found = interface.as_ref().and_then(|interface| self.interfaces.get_mut(interface));
        let Some((interface, attachment)) = found.and_then(|it| Some((it.id.clone(), it.attachment.as_mut()?))) else {
            let message = format!("The attachment ID '{id}' does not exist");
            return Err(ApiError::new("InvalidAttachmentID.NotFound", message));
        };
        if attachment.instance.is_none() {
            let message = "You are not allowed to manage attachments of AWS services.";
            return Err(ApiError::new("OperationNotPermitted", message));
        }
        if (attachment.network_card, attachment.device_index) == (0, 0) {
            let message = "The network interface at device index 0 cannot be detached.";
            return Err(ApiError::new("OperationNotPermitted", message));
        }
        attachment.status = AttachmentStatus::Detaching;
        self.happens_after(ATTACHING, Event::Detaches(interface, id.clone()));
        Ok(())
    }

    /// The account's interface that hangs somewhere by this attachment.
    pub(crate) fn interface_attached_by(&self, id: &AttachmentId) -> Option<&NetworkInterface> {
        self.interfaces.found(&InterfaceBy::Attachment(id.clone())).find(|interface| self.owns(*interface))
    }

    /// The interfaces that hang on an instance, by whatever status.
    pub(crate) fn hanging_on(&self, instance: &InstanceId) -> impl Iterator<Item = &NetworkInterface> + use<'_> {
        self.interfaces.found(&InterfaceBy::Instance(instance.clone()))
    }

    pub(crate) fn attaches(&mut self, interface: &InterfaceId, id: &AttachmentId) {
        let attachment = self.interfaces.get_mut(interface).and_then(|interface| interface.attachment.as_mut());
        let still =
            |attachment: &&mut Attachment| attachment.id == *id && attachment.status == AttachmentStatus::Attaching;
        if let Some(attachment) = attachment.filter(still) {
            attachment.status = AttachmentStatus::Attached;
        }
    }

    /// Sessions stay when their interface is detached. Source: Traffic Mirroring guide, pricing.
    pub(crate) fn detaches(&mut self, interface: &InterfaceId, id: &AttachmentId) {
        if let Some(interface) = self.interfaces.get_mut(interface) {
            interface.attachment.take_if(|attachment| attachment.id == *id);
        }
    }
}
