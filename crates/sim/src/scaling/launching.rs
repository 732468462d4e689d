//! Takes a group that lacks instances; launches them where there are the fewest. Never decides how many there shall be.

use std::collections::BTreeMap;

use mirror_core::ids::Zone;
use mirror_core::inventory::Tags;

use super::standing::{Group, Member};
use crate::error::ApiError;
use crate::network::SubnetId;
use crate::request::RunInstances;
use crate::world::World;

/// The tag that auto scaling puts on its instances. Source: "Tag Auto Scaling groups and instances", Amazon EC2 Auto Scaling User
/// Guide.
pub(super) const GROUP_TAG: &str = "aws:autoscaling:groupName";

/// The tags that EC2 puts on what is launched by a template. Source: "Launch instances from a launch template", Amazon EC2 User Guide.
const TEMPLATE_TAG: &str = "aws:ec2launchtemplate:id";
const VERSION_TAG: &str = "aws:ec2launchtemplate:version";

/// How many instances there are in each place. Counted once for many launches.
struct Crowd {
    zones: BTreeMap<Zone, usize>,
    subnets: BTreeMap<SubnetId, usize>,
}

impl World {
    /// Launches so many instances, for service or for the warm pool. Those that were launched before one fails stay.
    pub(super) fn grow(&mut self, group: &mut Group, count: usize, is_warm: bool) -> Result<(), ApiError> {
        if count == 0 {
            return Ok(());
        }
        let mut crowd = Crowd::of(group);
        for _ in 0..count {
            let wish = self.next_launch(group, &crowd);
            for launched in self.launch(&wish)? {
                let groups = &group.wish.security_groups;
                for interface in launched.interfaces.iter().filter(|_| !groups.is_empty()) {
                    self.set_security_groups(&interface.id, groups)?;
                }
                let instance = launched.instance;
                crowd.add(&instance.zone, &instance.subnet);
                let (launched, subnet, zone) = (instance.launched, instance.subnet, instance.zone);
                group.members.insert(instance.id, Member { launched, subnet, zone, version: group.version, is_warm });
            }
        }
        Ok(())
    }

    fn next_launch(&self, group: &Group, crowd: &Crowd) -> RunInstances {
        let zone_of = |subnet: &SubnetId| self.subnets.get(subnet).map(|subnet| &subnet.zone);
        let crowded = |subnet: &&SubnetId| (crowd.in_zone(zone_of(subnet)), crowd.in_subnet(subnet));
        let mut instance_tags = group.wish.template.instance_tags.clone();
        instance_tags.extend(group.wish.tags.clone());
        instance_tags.extend(own_tags(group));
        RunInstances {
            subnet: group.wish.subnets.iter().min_by_key(crowded).cloned(),
            min_count: 1,
            max_count: 1,
            instance_tags,
            token: None,
            ..group.wish.template.clone()
        }
    }
}

/// Tags that nobody but AWS can set.
fn own_tags(group: &Group) -> Tags {
    let tags = [
        (GROUP_TAG, group.wish.name.clone()),
        (TEMPLATE_TAG, group.template.clone()),
        (VERSION_TAG, group.version.to_string()),
    ];
    tags.map(|(key, value)| (key.into(), value)).into()
}

impl Crowd {
    fn of(group: &Group) -> Self {
        let mut crowd = Self { zones: BTreeMap::new(), subnets: BTreeMap::new() };
        group.members.values().for_each(|member| crowd.add(&member.zone, &member.subnet));
        crowd
    }

    fn add(&mut self, zone: &Zone, subnet: &SubnetId) {
        *self.zones.entry(zone.clone()).or_default() += 1;
        *self.subnets.entry(subnet.clone()).or_default() += 1;
    }

    fn in_zone(&self, zone: Option<&Zone>) -> usize {
        zone.and_then(|zone| self.zones.get(zone)).copied().unwrap_or_default()
    }

    fn in_subnet(&self, subnet: &SubnetId) -> usize {
        self.subnets.get(subnet).copied().unwrap_or_default()
    }
}
