//! Takes a world in which things are attached, moved and removed; gives the sentence that what is found without looking at everything is
//! what looking at everything finds, now and in the past. Never cares how.

use super::*;
use crate::index::{Indexed, InterfaceBy, SessionBy};
use crate::kept::Kept;

/// Every way in which something can be found finds what has it, in order, and nothing else.
fn all_is_found<K: Ord + Clone + std::fmt::Debug, V: Clone + PartialEq + std::fmt::Debug + Indexed>(
    objects: &Kept<K, V>,
) {
    for by in objects.values().flat_map(V::found_by) {
        let looked: Vec<_> = objects.values().filter(|object| object.found_by().contains(&by)).collect();
        assert_eq!(objects.found(&by).collect::<Vec<_>>(), looked, "{by:?}");
    }
    let by_each =
        |(key, object): (&K, &V)| object.found_by().into_iter().map(|by| (by, key.clone())).collect::<Vec<_>>();
    let mut everything: Vec<_> = objects.iter().flat_map(by_each).collect();
    everything.sort();
    for from in everything.iter().map(|(by, _)| Some(by)).chain([None]) {
        let rest = everything.iter().filter(|(by, _)| from.is_none_or(|from| by >= from));
        let looked: Vec<_> = rest.map(|(by, key)| (by.clone(), &objects[key])).collect();
        assert_eq!(objects.found_from(from).collect::<Vec<_>>(), looked, "{from:?}");
    }
    for owner in objects.values().filter_map(V::owner) {
        let theirs = objects.values().filter(|object| object.owner() == Some(owner)).count();
        assert_eq!(objects.owned_by(owner), theirs, "{owner}");
    }
}

fn everything_is_found(world: &World) {
    all_is_found(&world.interfaces);
    all_is_found(&world.filters);
    all_is_found(&world.targets);
    all_is_found(&world.sessions);
}

#[test]
fn what_is_found_is_what_there_is_now_and_what_there_was_then() {
    let mut setting = setting();
    setting.world.remember(SignedDuration::from_mins(5));
    let loose = call!(setting.world, CreateNetworkInterface(loose_interface(&setting.network))).id;
    let wish = AttachNetworkInterface {
        interface: loose.clone(),
        instance: setting.instance.clone(),
        device_index: 1,
        network_card: 0,
    };
    let attachment = call!(setting.world, AttachNetworkInterface(wish));
    let made = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 1)));
    pass(&mut setting.world, 3);
    let then = setting.world.now();

    pass(&mut setting.world, 3);
    let world = &mut setting.world;
    world.call(Request::DetachNetworkInterface(attachment.clone())).unwrap();
    let moved = ModifyTrafficMirrorSession { vni: Some(77), ..no_session_change(&made) };
    call!(world, ModifyTrafficMirrorSession(moved));
    pass(world, 3);
    call!(world, DeleteTrafficMirrorSession(made.id.clone()));

    let hanging = InterfaceBy::Attachment(attachment);
    everything_is_found(world);
    assert_eq!(world.interfaces.found(&hanging).count(), 0);
    assert_eq!(world.sessions.found(&SessionBy::Interface(setting.interface.clone())).count(), 0);
    world.as_of(then, |world| {
        everything_is_found(world);
        assert!(world.interfaces.found(&hanging).map(|interface| &interface.id).eq([&loose]));
        assert_eq!(world.sessions.found(&SessionBy::Vni(made.vni)).count(), 1);
    });
    everything_is_found(world);
    assert_eq!(world.interfaces.found(&hanging).count(), 0);
}

#[test]
fn what_is_gone_counts_for_nobody() {
    let mut world = empty_world();
    let account = world.account.clone();
    let filter = call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    world.call_as(&"210987654321".into(), Request::CreateTrafficMirrorFilter(Default::default())).unwrap();
    assert_eq!(world.filters.owned_by(&account), 1);
    call!(world, DeleteTrafficMirrorFilter(filter));
    assert_eq!(world.filters.owned_by(&account), 0);
    everything_is_found(&world);
}

#[test]
fn what_is_being_changed_is_found_by_what_it_has_by_now() {
    let Setting { mut world, instance, interface, .. } = setting();
    let on_it = InterfaceBy::Instance(instance);
    assert_eq!(world.interfaces.found(&on_it).count(), 1);
    let attachment = world.interfaces.get_mut(&interface).unwrap().attachment.take();
    assert_eq!(world.interfaces.found(&on_it).count(), 0);
    world.interfaces.get_mut(&interface).unwrap().attachment = attachment;
    assert_eq!(world.interfaces.found(&on_it).count(), 1);
    everything_is_found(&world);
}
