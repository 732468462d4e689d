//! Takes how many instances there shall be; launches them, and replaces the oldest again and again. Never asks whether that is wise:
//! it is here to make a fleet that changes.

use jiff::SignedDuration;
use mirror_core::inventory::{InstanceState, Tags};

use crate::agenda::Event;
use crate::compute::Instance;
use crate::error::ApiError;
use crate::network::SubnetId;
use crate::request::RunInstances;
use crate::world::World;

/// The tag that auto scaling puts on its instances. Source: "Tag Auto Scaling groups and instances", Amazon EC2 Auto Scaling User
/// Guide.
const GROUP_TAG: &str = "aws:autoscaling:groupName";

/// An auto scaling group.
#[derive(Clone, Debug)]
pub struct ScalingGroup {
    /// Its name.
    pub name: String,
    /// Where its instances go: to the subnet that has the fewest of them.
    pub subnets: Vec<SubnetId>,
    /// The machine image.
    pub image: String,
    /// Such as `m5.large`.
    pub instance_type: String,
    /// Tags of its instances, beside the group's own.
    pub tags: Tags,
    /// How many instances it keeps.
    pub desired: usize,
    /// It replaces its oldest instance every so often; at most once a second.
    pub replaces_every: SignedDuration,
}

impl World {
    /// Adds an auto scaling group, with its first instances.
    ///
    /// # Errors
    ///
    /// As `RunInstances`; some instances may stand then.
    pub fn add_scaling_group(&mut self, mut group: ScalingGroup) -> Result<(), ApiError> {
        // A group that replaces without any pause would keep time from passing.
        group.replaces_every = group.replaces_every.max(SignedDuration::from_secs(1));
        self.grow(&group, group.desired)?;
        let name = (self.account.clone(), group.name.clone());
        self.happens_after(group.replaces_every, Event::Replaces(name.0.clone(), name.1.clone()));
        self.groups.insert(name, group);
        Ok(())
    }

    /// Replaces the oldest instance of a group of the account that acts, and whatever it has lost since.
    pub(crate) fn replaces(&mut self, name: &str) {
        let Some(group) = self.groups.get(&(self.account.clone(), name.into())).cloned() else { return };
        let members = self.members(name);
        let oldest = members.first().filter(|_| members.len() >= group.desired).map(|instance| instance.id.clone());
        // A launch that fails (no free address) is tried again next time, as AWS does it; the old instance stays until then.
        let grown = self.grow(&group, group.desired + usize::from(oldest.is_some()));
        if let (Ok(()), Some(oldest)) = (grown, oldest) {
            let _change = self.terminate_instances(&[oldest]);
        }
        self.happens_after(group.replaces_every, Event::Replaces(self.account.clone(), name.into()));
    }

    /// Launches until the group has so many instances.
    fn grow(&mut self, group: &ScalingGroup, size: usize) -> Result<(), ApiError> {
        while self.members(&group.name).len() < size {
            let wish = self.next_launch(group);
            self.launch(&wish)?;
        }
        Ok(())
    }

    fn next_launch(&self, group: &ScalingGroup) -> RunInstances {
        let members = self.members(&group.name);
        let crowd = |subnet: &&SubnetId| members.iter().filter(|member| member.subnet == **subnet).count();
        let mut instance_tags = group.tags.clone();
        instance_tags.insert(GROUP_TAG.into(), group.name.clone());
        RunInstances {
            image: group.image.clone(),
            instance_type: group.instance_type.clone(),
            subnet: group.subnets.iter().min_by_key(crowd).cloned(),
            min_count: 1,
            max_count: 1,
            instance_tags,
            ..RunInstances::default()
        }
    }

    /// The group's instances that live, the oldest first.
    fn members(&self, name: &str) -> Vec<&Instance> {
        let lives = |instance: &&Instance| matches!(instance.state, InstanceState::Pending | InstanceState::Running);
        let belongs = |instance: &&Instance| instance.tags.get(GROUP_TAG).is_some_and(|group| group == name);
        let mut members: Vec<_> =
            self.instances.values().filter(|it| self.owns(*it)).filter(lives).filter(belongs).collect();
        members.sort_by_key(|instance| (instance.launched, instance.id.clone()));
        members
    }
}
