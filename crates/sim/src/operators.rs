//! Takes an instance; says that a service of AWS manages it, as EKS Auto Mode does its nodes. Never refuses a call for that: whom a
//! managed instance obeys is not simulated.

use mirror_core::ids::InstanceId;

use crate::error::ApiError;
use crate::world::World;

/// Who manages a resource in the customer's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The service, such as `eks.amazonaws.com`.
    pub principal: String,
    /// Whether lists leave it out that do not ask for managed resources. Source: botocore, `IncludeManagedResources`.
    pub hidden_by_default: bool,
}

impl Operator {
    /// What the filter `operator.managed` looks at.
    pub(crate) fn managed(operator: Option<&Self>) -> String {
        operator.is_some().to_string()
    }

    pub(crate) fn hides(operator: Option<&Self>) -> bool {
        operator.is_some_and(|operator| operator.hidden_by_default)
    }
}

impl World {
    /// Makes an instance, and the interfaces that hang on it, managed ones.
    ///
    /// # Errors
    ///
    /// The instance does not exist.
    pub fn set_operator(&mut self, id: &InstanceId, operator: &Operator) -> Result<(), ApiError> {
        self.instance_mut(id)?.operator = Some(operator.clone());
        for interface in self.interfaces_of(id) {
            self.interface_mut(&interface)?.operator = Some(operator.clone());
        }
        Ok(())
    }
}
