//! Takes sets of packets; gives sentences about how much of everything they are.

use super::*;

/// Packets of TCP to and from a network, at ports that either end serves.
fn served(ports: &str, peer: &str) -> PacketSet {
    let any = if peer.contains(':') { "::/0" } else { "0.0.0.0/0" };
    let texts = [
        format!("accept ingress tcp {peer} {ports} > {any} *"),
        format!("accept ingress tcp {peer} * > {any} {ports}"),
        format!("accept egress tcp {any} {ports} > {peer} *"),
        format!("accept egress tcp {any} * > {peer} {ports}"),
    ];
    filter(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn about(share: f64, expected: f64) -> bool {
    (share - expected).abs() < expected / 100.0
}

#[test]
fn everything_is_one_and_nothing_is_none() {
    for ipv6 in [false, true] {
        assert!(about(PacketSet::everything().share(ipv6), 1.0));
    }
    assert_eq!(PacketSet::default().share(true), 0.0);
}

#[test]
fn ipv6_weighs_nothing_where_the_interface_has_none() {
    let ipv6 = filter(&["accept ingress all ::/0 * > ::/0 *", "accept egress all ::/0 * > ::/0 *"]);
    assert!(about(ipv6.share(true), 0.5));
    assert_eq!(ipv6.share(false), 0.0);
    assert!(!ipv6.busy_ports().is_empty() && ipv6.possible(false).busy_ports().is_empty());
}

#[test]
fn a_port_is_little_and_a_thousand_ports_are_a_hundredth() {
    assert!(about(served("8443", "0.0.0.0/0").share(false), 2.0 / 3.0 / 65_536.0));
    assert!(about(served("8000-8999", "0.0.0.0/0").share(false), 0.0101));
    assert!(about(served("8000-8999", "10.0.0.0/8").share(false), 0.0101 / 256.0));
}

#[test]
fn a_busy_port_is_crossed_by_whatever_its_clients_can_send_however_few_they_are() {
    let busy = |ports: &str, peer: &str| served(ports, peer).busy_ports().into_iter().collect::<Vec<_>>();
    assert_eq!(busy("443", "10.9.1.5/32"), [443]);
    assert_eq!(busy("3000-3999", "2001:db8::/32"), [3306]);
    assert_eq!(busy("8000-9023", "10.9.1.5/32"), BUSY_PORTS, "so many ports may as well be clients'");
    let everything = filter(&["accept egress all 0.0.0.0/0 * > 10.9.1.5/32 *"]);
    assert_eq!(everything.busy_ports(), BUSY_PORTS.into());
    let clients = filter(&["accept ingress tcp 0.0.0.0/0 32768-65535 > 0.0.0.0/0 0-40000"]);
    assert_eq!(clients.busy_ports(), BUSY_PORTS.into());
}

#[test]
fn a_service_whose_clients_may_come_from_any_port_crosses_none() {
    for ports in ["8443", "8000-9000", "79", "81-442"] {
        assert!(served(ports, "0.0.0.0/0").busy_ports().is_empty(), "{ports}");
    }
    let icmp = filter(&["accept ingress 1 0.0.0.0/0 * > 0.0.0.0/0 *"]);
    assert!(icmp.busy_ports().is_empty());
}

#[test]
fn clients_that_are_told_in_several_boxes_are_counted_together() {
    let all = served("443", "10.9.1.5/32");
    let cut: Vec<String> =
        (0..8).map(|n| format!("reject ingress tcp 0.0.0.0/0 {} > 0.0.0.0/0 443", n * 8192)).collect();
    let mut texts: Vec<&str> = cut.iter().map(String::as_str).collect();
    texts.push("accept ingress tcp 10.9.1.5/32 * > 0.0.0.0/0 443");
    let holed = filter(&texts);
    assert!(holed.is_subset(&all).unwrap() && holed.blocks().len() == 8);
    assert_eq!(holed.busy_ports(), [443].into());
}
