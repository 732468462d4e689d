//! Takes an instance or an interface and an attribute; changes that one. Never touches the sessions of an interface: they and their cost
//! stay, even where the instance is now of a type that cannot be mirrored. Source: Traffic Mirroring guide, pricing.

use mirror_core::ids::{AttachmentId, InstanceId, InterfaceId};
use mirror_core::inventory::InstanceState;

use crate::error::ApiError;
use crate::request::{InstanceAttribute, InterfaceAttribute, ModifyInstanceAttribute, ModifyNetworkInterfaceAttribute};
use crate::security_groups::SecurityGroupId;
use crate::world::World;

impl World {
    pub(crate) fn modify_instance_attribute(&mut self, wish: &ModifyInstanceAttribute) -> Result<(), ApiError> {
        match &wish.attribute {
            InstanceAttribute::InstanceType(instance_type) => self.change_instance_type(&wish.instance, instance_type),
            InstanceAttribute::Groups(groups) => {
                let interface = self.only_interface_of(&wish.instance)?;
                self.change_groups(&interface, groups)
            }
        }
    }

    /// Source: "Change the instance type", Amazon EC2 User Guide.
    fn change_instance_type(&mut self, id: &InstanceId, instance_type: &str) -> Result<(), ApiError> {
        let instance = self.instance_mut(id)?;
        if instance.state != InstanceState::Stopped {
            let message = format!("The instance '{id}' is not in the 'stopped' state.");
            return Err(ApiError::new("IncorrectInstanceState", message));
        }
        if instance.spot.is_some() {
            let message = "You can't change the instance type of a Spot Instance.";
            return Err(ApiError::new("UnsupportedOperation", message));
        }
        if !instance_type.contains('.') {
            return Err(ApiError::invalid_value(format!("Invalid value '{instance_type}' for InstanceType.")));
        }
        instance.instance_type = instance_type.into();
        Ok(())
    }

    fn only_interface_of(&self, id: &InstanceId) -> Result<InterfaceId, ApiError> {
        self.instance(id)?;
        match self.interfaces_of(id).as_slice() {
            [only] => Ok(only.clone()),
            // The message says what to do; one without any interface is terminated.
            _ => Err(ApiError::new(
                "InvalidInstanceID",
                format!(
                    "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the \
                     operation instead."
                ),
            )),
        }
    }

    pub(crate) fn modify_network_interface_attribute(
        &mut self,
        wish: &ModifyNetworkInterfaceAttribute,
    ) -> Result<(), ApiError> {
        if self.interface(&wish.interface)?.requester_managed {
            let message = "You are not allowed to modify a network interface that is managed by an AWS service.";
            return Err(ApiError::new("OperationNotPermitted", message));
        }
        match &wish.attribute {
            InterfaceAttribute::Description(text) => self.interface_mut(&wish.interface)?.description.clone_from(text),
            InterfaceAttribute::Groups(groups) => self.change_groups(&wish.interface, groups)?,
            InterfaceAttribute::DeleteOnTermination(attachment, goes) => {
                self.change_delete_on_termination(&wish.interface, attachment, *goes)?;
            }
        }
        Ok(())
    }

    fn change_delete_on_termination(
        &mut self,
        interface: &InterfaceId,
        attachment: &AttachmentId,
        goes: bool,
    ) -> Result<(), ApiError> {
        let not_found = || {
            let message = format!("The attachment ID '{attachment}' does not exist");
            ApiError::new("InvalidAttachmentID.NotFound", message)
        };
        let attached = self.interface_mut(interface)?.attachment.as_mut().filter(|at| at.id == *attachment);
        attached.ok_or_else(not_found)?.delete_on_termination = goes;
        Ok(())
    }

    fn change_groups(&mut self, interface: &InterfaceId, groups: &[SecurityGroupId]) -> Result<(), ApiError> {
        if groups.is_empty() {
            return Err(ApiError::missing_parameter("SecurityGroupId"));
        }
        let vpc = &self.interface(interface)?.vpc;
        let foreign = |group: &&SecurityGroupId| self.security_groups.get(*group).is_some_and(|it| it.vpc != *vpc);
        if let Some(group) = groups.iter().find(foreign) {
            return Err(ApiError::invalid_value(format!(
                "Security group {group} and interface {interface} belong to different networks."
            )));
        }
        self.set_security_groups(interface, groups)
    }
}
