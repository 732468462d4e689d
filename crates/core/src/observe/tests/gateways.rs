//! Takes Gateway Load Balancers with appliances behind them; gives sentences about when they are read, and what is known when they were not.

use super::*;
use crate::decide::Reason;
use crate::inventory::{LoadBalancer, Registered, TargetGroup};
use crate::policy::Policy;

const UNREAD: &str = "DescribeLoadBalancers: the account's Gateway Load Balancers have not been read yet";
const OTHER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/gwy/other/1";

/// Crown jewels by tag, to an endpoint.
fn to_an_endpoint() -> Policy {
    policy_of(
        "sensors: {sta: {targets: [{gatewayLoadBalancerEndpoint: vpce-1}]}}\n\
         strategies: [{name: crown-jewel, importance: {}}]",
    )
}

/// Two jewels, one of which is an appliance. Beside its load balancer there is one of another type, which the policy does not name.
fn with_an_appliance() -> Facts {
    jewel_with(|_| {})
        .instance("i-appliance", &[("mirror", "crown-jewel")])
        .interface("eni-appliance", "i-appliance")
        .behind(&[Registered::Instance("i-1".into())])
        .appliances(&[Registered::Instance("i-appliance".into())])
}

/// What is asked of ELB in a walk at that second through all that is due; `lie` may put another answer in place of the true one.
fn asked(
    policy: &Policy,
    memory: &Memory,
    facts: &Inventory,
    seconds: i64,
    lie: impl Fn(&Query) -> Option<Result<Page, CloudError>>,
) -> (Vec<Query>, Inventory) {
    let mut walk = Walk::due(policy, memory, &Hints { kinds: Kind::ALL.into(), ..Hints::default() }, at(seconds));
    let mut asked = Vec::new();
    while let Some(query) = walk.ask() {
        let answer = lie(&query).unwrap_or_else(|| answer(facts, &query));
        asked.extend((query.kind() == Some(Kind::LoadBalancers)).then(|| query.clone()));
        walk.take(query, answer, &mut Rates::default(), at(seconds));
    }
    (asked, walk.finish(memory))
}

/// One who has seen the appliance once.
fn who_saw_it() -> Memory {
    let (_, inventory) = asked(&to_an_endpoint(), &nothing_remembered(), &with_an_appliance().read(0), 0, truth);
    seen(nothing_remembered(), &inventory, &[], 0)
}

fn list_denied(query: &Query) -> Option<Result<Page, CloudError>> {
    matches!(query, Query::LoadBalancers(_)).then(|| denied(query))
}

/// Who is refused for being behind a load balancer.
fn behind(policy: &Policy, inventory: &Inventory) -> Vec<String> {
    let decisions = decided(policy, inventory).interfaces.into_iter();
    let refused = |reason: &Reason| matches!(reason, Reason::BehindLoadBalancer { .. });
    decisions.filter(|(_, it)| it.reasons.iter().any(refused)).map(|(id, _)| id.to_string()).collect()
}

#[test]
fn while_the_policy_names_an_endpoint_all_gateway_load_balancers_are_read_and_no_others() {
    let policy = to_an_endpoint();
    let (asked, inventory) = asked(&policy, &nothing_remembered(), &with_an_appliance().read(0), 0, truth);
    let expected = [
        Query::LoadBalancers(None),
        Query::TargetGroups(GATEWAY.into(), None),
        Query::TargetHealth(GATEWAY.into(), APPLIANCES.into()),
    ];
    assert_eq!(asked, expected);
    assert_eq!((inventory.complete_since(), inventory.gateways), (Some(at(0)), true));
    assert_eq!(behind(&policy, &inventory), ["eni-appliance"]);
}

#[test]
fn an_endpoint_that_anybodys_mirror_target_leads_to_counts_as_soon_as_the_target_is_seen() {
    let endpoint = Resource::GatewayLoadBalancerEndpoint("vpce-2".into());
    let mut facts = with_an_appliance().behind(&[]).target("tmt-2", endpoint);
    let theirs = facts.0.targets.get_mut(&"tmt-2".into()).unwrap();
    (theirs.owner, theirs.tags) = ("444455556666".into(), Default::default());
    let (asked, inventory) = asked(&policy(), &nothing_remembered(), &facts.read(0), 0, truth);
    assert_eq!(asked.last(), Some(&Query::TargetHealth(GATEWAY.into(), APPLIANCES.into())), "{asked:?}");
    assert_eq!((asked.len(), behind(&policy(), &inventory)), (6, vec!["eni-appliance".to_owned()]));
}

#[test]
fn without_an_endpoint_no_load_balancers_are_listed_and_who_is_behind_a_gateway_may_be_a_source() {
    let facts = with_an_appliance().behind(&[]).read(60);
    let (asked, inventory) = asked(&policy(), &who_saw_it(), &facts, 60, truth);
    assert!(asked.iter().all(|query| !matches!(query, Query::LoadBalancers(_))), "{asked:?}");
    assert_eq!((inventory.complete_since(), inventory.gateways), (Some(at(60)), false));
    assert_eq!(behind(&policy(), &inventory), Vec::<String>::new());
}

#[test]
fn an_account_without_gateway_load_balancers_costs_one_call() {
    let facts = jewel_with(|_| {}).behind(&[]).read(0);
    let (asked, inventory) = asked(&to_an_endpoint(), &nothing_remembered(), &facts, 0, truth);
    assert_eq!((asked, inventory.balancers.len()), (vec![Query::LoadBalancers(None)], 0));
    assert_eq!(inventory.complete_since(), Some(at(0)));
}

#[test]
fn load_balancers_go_on_on_the_next_page_and_a_list_that_is_cut_short_is_a_gap() {
    let pages = |cut: bool| {
        move |query: &Query| match query {
            Query::LoadBalancers(None) => {
                let items = Items::LoadBalancers(vec![GATEWAY.into()]);
                Some(Ok(Page { items, next: Some("2".into()) }))
            }
            Query::LoadBalancers(Some(_)) if cut => Some(denied(query)),
            Query::LoadBalancers(Some(_)) => {
                Some(Ok(Page { items: Items::LoadBalancers(vec![OTHER.into()]), next: None }))
            }
            _ => None,
        }
    };
    let (policy, facts) = (to_an_endpoint(), with_an_appliance().read(0));
    let (_, inventory) = asked(&policy, &nothing_remembered(), &facts, 0, pages(false));
    let group = TargetGroup {
        vpc: Some("vpc-1".into()),
        targets: [Registered::Instance("i-appliance".into())].into(),
        emptied: None,
    };
    let gateway = LoadBalancer { groups: [(APPLIANCES.into(), group)].into(), ..LoadBalancer::default() };
    let both = [(GATEWAY.into(), gateway), (OTHER.into(), LoadBalancer::default())];
    assert_eq!((&inventory.balancers, inventory.is_complete(Kind::LoadBalancers)), (&both.into(), true));
    let (_, inventory) = asked(&policy, &nothing_remembered(), &facts, 0, pages(true));
    assert!(!inventory.is_complete(Kind::LoadBalancers) && inventory.balancers.is_empty() && !inventory.gateways);
}

#[test]
fn a_gateway_load_balancer_that_goes_between_two_calls_has_nobody_behind_it() {
    let gone = |query: &Query| {
        matches!(query, Query::TargetGroups(..))
            .then(|| Err(CloudError::answered(query.action(), "LoadBalancerNotFound", "no", 400)))
    };
    let (_, inventory) = asked(&to_an_endpoint(), &nothing_remembered(), &with_an_appliance().read(60), 60, gone);
    assert_eq!(inventory.balancers, [(GATEWAY.into(), LoadBalancer::default())].into());
    assert_eq!(inventory.complete_since(), Some(at(60)));
}

#[test]
fn an_endpoint_in_the_policy_makes_gateway_load_balancers_unknown_until_they_are_read() {
    let facts = with_an_appliance().behind(&[]).read(0);
    let (_, inventory) = asked(&policy(), &nothing_remembered(), &facts, 0, truth);
    let memory = seen(nothing_remembered(), &inventory, &[], 0);
    let unanswered = Walk::due(&to_an_endpoint(), &memory, &Hints::default(), at(1)).finish(&memory);
    assert_eq!(unanswered.gaps[&Kind::LoadBalancers].why, UNREAD);
    let mut walk = Walk::due(&to_an_endpoint(), &memory, &Hints::default(), at(1));
    assert_eq!(walk.ask(), Some(Query::LoadBalancers(None)), "without a hint");
}

#[test]
fn while_gateway_load_balancers_may_not_be_listed_nothing_begins_and_who_was_behind_one_stays_no_source() {
    let policy = to_an_endpoint();
    let endpoint = Resource::GatewayLoadBalancerEndpoint("vpce-1".into());
    let left = with_an_appliance()
        .appliances(&[Registered::Instance("i-2".into())])
        .target("tmt-1", endpoint)
        .filter("tmf-1")
        .read(60);
    let (_, unread) = asked(&policy, &who_saw_it(), &left, 60, list_denied);
    assert_eq!(unread.gaps[&Kind::LoadBalancers].why, "DescribeLoadBalancers: UnauthorizedOperation: no");
    assert_eq!(behind(&policy, &unread), ["eni-appliance"]);
    let memory = seen(who_saw_it(), &unread, &[], 60);
    let plan = planned_for(&policy, &unread, &memory, 60);
    let waits: Vec<String> = plan.waiting.iter().map(|it| it.on.to_string()).collect();
    assert_eq!((steps(&plan), waits.len()), (Vec::new(), 1), "{waits:?}");
    assert!(waits.iter().all(|wait| wait.starts_with("a complete list of what is behind")), "{waits:?}");
    let (_, read) = asked(&policy, &memory, &left, 90, truth);
    assert_eq!(behind(&policy, &read), Vec::<String>::new());
    let memory = seen(memory, &read, &[], 90);
    let made = steps(&planned_for(&policy, &read, &memory, 90));
    assert_eq!(made.len(), 2, "and then both begin: {made:?}");
}
