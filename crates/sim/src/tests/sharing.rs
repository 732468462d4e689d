//! Takes targets that one account shares with another; gives sentences about what the two see of each other, and what neither can do. Never
//! shares a network: that is told in `shared_networks`.

use super::accounts::{code_as, other};
use super::packets::web_request;
use super::unknowns::where_aws;
use super::*;

/// A target of the first account, and all that the other one needs to mirror to it.
pub(super) struct Shared {
    pub(super) setting: Setting,
    pub(super) theirs: CreateTrafficMirrorSession,
}

/// A setting whose target is shared.
fn shared(setting: Setting) -> Shared {
    let mut shared = unshared(setting);
    shared.setting.world.share_target(&shared.theirs.target, &other()).unwrap();
    shared
}

/// A setting whose target is not shared until now.
fn unshared(mut setting: Setting) -> Shared {
    let (interface, filter) = setting.world.acting_for(&other(), |world| {
        network(world);
        let instance = running(world, instance());
        let filter = call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
        call!(world, CreateTrafficMirrorFilterRule(rule(&filter, 1)));
        (primary_interface(world, &instance), filter)
    });
    let theirs = CreateTrafficMirrorSession { interface, filter, ..setting.session(1) };
    Shared { setting, theirs }
}

/// A setting whose target is an interface with room for so many.
fn before_an_interface(room: usize) -> Setting {
    let mut setting = setting();
    let sensor = call!(setting.world, CreateNetworkInterface(loose_interface(&setting.network))).id;
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(target_for(Resource::NetworkInterface(sensor)))).id;
    setting.world.quotas.sources_per_interface_target = room;
    setting
}

impl Shared {
    /// The other account's session.
    fn session(&mut self) -> MirrorSession {
        let wish = self.theirs.clone();
        self.setting.world.acting_for(&other(), |world| call!(world, CreateTrafficMirrorSession(wish)))
    }

    /// The other account's sessions, as it sees them.
    fn their_sessions(&mut self) -> Vec<MirrorSession> {
        let all = Describe::all();
        self.setting.world.acting_for(&other(), |world| call!(world, DescribeTrafficMirrorSessions(all)).items)
    }

    /// The targets that the other account sees.
    fn their_targets(&mut self) -> Vec<MirrorTarget> {
        let all = Describe::all();
        self.setting.world.acting_for(&other(), |world| call!(world, DescribeTrafficMirrorTargets(all)).items)
    }
}

// Facts: 1.2-shared-target-is-seen
#[test]
fn a_shared_target_is_listed_to_the_other_account_with_its_owner() {
    let mut shared = shared(setting());
    let seen = shared.their_targets();
    assert_eq!(seen.iter().map(|target| &target.id).collect::<Vec<_>>(), [&shared.theirs.target]);
    assert_eq!(seen[0].owner.as_str(), "123456789012");
    let third = "777777777777".into();
    let only = Request::DescribeTrafficMirrorTargets(Describe::only([seen[0].id.clone()]));
    assert_eq!(code_as(&mut shared.setting.world, &third, only), "InvalidTrafficMirrorTargetId.NotFound");
}

// Facts: 1.2-shared-through-ram
#[test]
fn a_session_can_use_a_target_of_another_account_only_when_it_is_shared() {
    let mut shared = unshared(setting());
    let wish = Request::CreateTrafficMirrorSession(shared.theirs.clone());
    let world = &mut shared.setting.world;
    assert_eq!(code_as(world, &other(), wish), "InvalidTrafficMirrorTargetId.NotFound");
    assert_eq!(
        world.acting_for(&other(), |world| world.share_target(&shared.theirs.target, &other())).unwrap_err().code,
        { "InvalidTrafficMirrorTargetId.NotFound" }
    );
    world.share_target(&shared.theirs.target, &other()).unwrap();
    let made = shared.session();
    assert_eq!((made.owner.clone(), made.target.clone()), (other(), shared.theirs.target.clone()));
    assert_eq!(shared.their_sessions(), [made]);
}

// Facts: 1.2-shared-target-stays-the-owners
#[test]
fn only_the_owner_changes_or_deletes_a_shared_target() {
    for (switch, code) in
        [(None, "InvalidTrafficMirrorTargetId.NotFound"), (Some("OperationNotPermitted"), "OperationNotPermitted")]
    {
        let mut shared = shared(where_aws(|it| it.change_of_anothers = switch));
        let target = shared.theirs.target.clone();
        let tags = CreateTags { resources: vec![target.to_string()], tags: tags_of([("a", "b")]) };
        let world = &mut shared.setting.world;
        assert_eq!(code_as(world, &other(), Request::DeleteTrafficMirrorTarget(target.clone())), code);
        assert_eq!(code_as(world, &other(), Request::CreateTags(tags)), code);
        call!(world, DeleteTrafficMirrorTarget(target));
        assert_eq!(shared.their_targets(), []);
    }
}

// Facts: 1.2-sessions-of-others-are-seen
#[test]
fn the_owner_of_a_target_sees_the_sessions_of_others_and_cannot_change_them() {
    for (switch, code) in
        [(None, "InvalidTrafficMirrorSessionId.NotFound"), (Some("OperationNotPermitted"), "OperationNotPermitted")]
    {
        let mut shared = shared(where_aws(|it| it.change_of_anothers = switch));
        let theirs = shared.session();
        assert_eq!(shared.setting.sessions(), std::slice::from_ref(&theirs));
        let change = ModifyTrafficMirrorSession { number: Some(9), ..no_session_change(&theirs) };
        let world = &mut shared.setting.world;
        assert_eq!(refused!(world, ModifyTrafficMirrorSession(change)), code);
        assert_eq!(refused!(world, DeleteTrafficMirrorSession(theirs.id.clone())), code);
        let by_owner = Describe::all().filtered("owner-id", other().as_str());
        assert_eq!(call!(world, DescribeTrafficMirrorSessions(by_owner)).items.len(), 1);
        assert_eq!(shared.their_sessions(), [theirs]);
    }
}

// Facts: 1.2-sessions-of-others-are-seen
#[test]
fn who_shares_a_target_sees_only_the_sessions_that_use_it() {
    let mut shared = shared(setting());
    let own = call!(shared.setting.world, CreateTrafficMirrorSession(shared.setting.session(1)));
    let theirs = shared.setting.world.acting_for(&other(), |world| {
        let endpoint = world.add_gateway_load_balancer_endpoint();
        call!(world, CreateTrafficMirrorTarget(target_for(Resource::GatewayLoadBalancerEndpoint(endpoint)))).id
    });
    let elsewhere = CreateTrafficMirrorSession { target: theirs, ..shared.theirs.clone() };
    shared.setting.world.call_as(&other(), Request::CreateTrafficMirrorSession(elsewhere)).unwrap();
    assert_eq!(shared.setting.sessions(), [own]);
    assert_eq!(shared.their_sessions().len(), 1);
}

#[test]
fn sources_of_all_accounts_fill_an_interface_and_no_one_sees_those_of_the_owner() {
    let mut shared = shared(before_an_interface(1));
    let wish = shared.setting.session(1);
    call!(shared.setting.world, CreateTrafficMirrorSession(wish));
    assert_eq!(shared.their_sessions(), []);
    let code = code_as(&mut shared.setting.world, &other(), Request::CreateTrafficMirrorSession(shared.theirs.clone()));
    assert_eq!(code, "TrafficMirrorSourcesPerTargetLimitExceeded");

    let mut shared = self::shared(before_an_interface(1));
    shared.session();
    let wish = shared.setting.session(1);
    let code = refused!(shared.setting.world, CreateTrafficMirrorSession(wish));
    assert_eq!(code, "TrafficMirrorSourcesPerTargetLimitExceeded");
}

#[test]
fn what_is_counted_before_a_target_are_sources_or_sessions() {
    for (limit, code) in
        [(TargetLimit::Sources, None), (TargetLimit::Sessions, Some("TrafficMirrorSessionsPerTargetLimitExceeded"))]
    {
        let mut setting = before_an_interface(1);
        setting.world.unknowns.target_limit = limit;
        let first = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
        let second = Request::CreateTrafficMirrorSession(setting.session(2));
        assert_eq!(setting.world.call(second).err().map(|error| error.code).as_deref(), code, "{limit:?}");
        let same = ModifyTrafficMirrorSession { target: Some(first.target.clone()), ..no_session_change(&first) };
        assert_eq!(call!(setting.world, ModifyTrafficMirrorSession(same)), first);
    }
}

#[test]
fn a_session_with_a_shared_target_counts_for_the_account_that_made_it() {
    let mut shared = shared(setting());
    shared.setting.world.quotas.sessions = 1;
    shared.session();
    let wish = shared.setting.session(1);
    call!(shared.setting.world, CreateTrafficMirrorSession(wish));
}

// Facts: 1.2-deleted-shared-target
#[test]
fn a_target_that_only_others_use_is_deleted_and_their_sessions_mirror_nothing_or_it_stays() {
    for (verdict, stays) in [(Verdict::Accepted, false), (Verdict::Refused("TrafficMirrorTargetInUse"), true)] {
        let mut shared = shared(where_aws(|it| it.shared_target_in_use = verdict));
        let theirs = shared.session();
        let delete = Request::DeleteTrafficMirrorTarget(theirs.target.clone());
        let code = shared.setting.world.call(delete).err().map(|error| error.code);
        assert_eq!(code.as_deref(), stays.then_some("TrafficMirrorTargetInUse"));
        assert_eq!(shared.their_sessions(), std::slice::from_ref(&theirs));
        assert_eq!(shared.their_targets().is_empty(), !stays);
        let mirrored = shared.setting.world.mirrored(&web_request(&theirs.interface));
        assert_eq!(mirrored.is_ok(), stays);
        assert_eq!(mirrored.err(), (!stays).then_some(NotMirrored::TargetGone(theirs.id)));
    }
}

#[test]
fn a_shared_target_that_its_owner_uses_is_not_deleted() {
    let mut shared = shared(setting());
    let theirs = shared.session();
    let own = call!(shared.setting.world, CreateTrafficMirrorSession(shared.setting.session(1)));
    let delete = Request::DeleteTrafficMirrorTarget(theirs.target.clone());
    let error = shared.setting.world.call(delete).unwrap_err();
    assert_eq!(error.code, "TrafficMirrorTargetInUse");
    assert!(error.message.ends_with(own.id.as_str()), "{error}");
}

#[test]
fn when_a_share_ends_its_sessions_stay_and_mirror_or_do_not_and_no_new_one_is_made() {
    for receives in [false, true] {
        let mut shared = shared(where_aws(|it| it.unshared_target_receives = receives));
        let theirs = shared.session();
        assert!(shared.setting.world.mirrored(&web_request(&theirs.interface)).is_ok());
        shared.setting.world.unshare_target(&theirs.target, &other()).unwrap();
        assert_eq!(shared.their_targets(), []);
        assert_eq!(shared.their_sessions(), std::slice::from_ref(&theirs));
        assert_eq!(shared.setting.sessions(), std::slice::from_ref(&theirs));
        let mirrored = shared.setting.world.mirrored(&web_request(&theirs.interface));
        assert_eq!(mirrored.err(), (!receives).then(|| NotMirrored::TargetUnshared(theirs.id.clone())));
        let again =
            Request::CreateTrafficMirrorSession(CreateTrafficMirrorSession { number: 2, ..shared.theirs.clone() });
        assert_eq!(code_as(&mut shared.setting.world, &other(), again), "InvalidTrafficMirrorTargetId.NotFound");
        let change = ModifyTrafficMirrorSession { number: Some(9), ..no_session_change(&theirs) };
        shared.setting.world.call_as(&other(), Request::ModifyTrafficMirrorSession(change)).unwrap();
    }
}

#[test]
fn the_tags_of_another_accounts_objects_are_seen_or_hidden() {
    for seen in [true, false] {
        let mut shared = shared(where_aws(|it| it.tags_of_others = seen));
        let tags = tags_of([("vpc-mirror/owner", "prod")]);
        shared.theirs.tags = tags.clone();
        shared.session();
        let resources = vec![shared.theirs.target.to_string()];
        shared.setting.world.call(Request::CreateTags(CreateTags { resources, tags: tags.clone() })).unwrap();
        let expected = if seen { tags.clone() } else { Tags::new() };
        assert_eq!(shared.setting.sessions()[0].tags, expected);
        assert_eq!(shared.their_targets()[0].tags, expected);
        assert_eq!(shared.their_sessions()[0].tags, tags);
        // What another account has tagged is never on the list of tags.
        let theirs = call!(shared.setting.world, DescribeTags(Describe::all())).items;
        assert!(theirs.iter().all(|tag| tag.resource_type != "traffic-mirror-session"), "{theirs:?}");
    }
}
