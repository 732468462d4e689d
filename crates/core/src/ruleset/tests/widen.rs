//! Takes captures that ten rules do not tell; gives sentences about what is mirrored beside them.

use super::*;
use crate::packets::BUSY_PORTS;

fn fitted(asked: &PacketSet, ipv6: bool, widen: Widen) -> Option<Fitted> {
    let fitted = fit(asked, ipv6, widen).unwrap()?;
    assert!(fitted.rules.len() <= RULES_PER_FILTER);
    let mirrored = PacketSet::of_filter(&fitted.rules, &BTreeSet::new()).unwrap();
    assert_eq!(mirrored.difference(&asked.possible(ipv6)).unwrap(), fitted.added);
    let rest = asked.possible(ipv6).difference(&mirrored).unwrap();
    assert!(rest.blocks().is_empty(), "less than asked: {:?}", rest.blocks());
    if widen == Widen::NeverBusy {
        assert!(fitted.added.busy_ports().is_empty(), "{:?}", fitted.added.busy_ports());
    }
    Some(fitted)
}

/// The ranges of our own ports that arriving packets may have.
fn own_ports(fitted: &Fitted) -> Vec<String> {
    let ingress = fitted.rules.iter().filter(|rule| rule.direction == Direction::Ingress);
    let ports = ingress.filter_map(|rule| rule.destination_ports);
    ports.map(|PortRange { from, to }| if from == to { format!("{from}") } else { format!("{from}-{to}") }).collect()
}

fn served_by_us_all(ports: &[u16]) -> PacketSet {
    ports.iter().fold(PacketSet::default(), |all, port| all.union(&served_by_us(*port)).unwrap())
}

#[test]
fn of_many_ports_the_closest_are_put_together() {
    let asked = served_by_us_all(&[8000, 8002, 8080, 8090, 8443, 8453, 9000, 9001, 9100, 9200, 9500, 9700]);
    let fitted = fitted(&asked, false, Widen::NeverBusy).unwrap();
    assert_eq!(own_ports(&fitted), ["8000-8090", "8443-8453", "9000-9200", "9500", "9700"]);
    assert!(fitted.added.share(false) < 0.005);
}

#[test]
fn what_fits_is_mirrored_exactly() {
    let asked = served_by_us_all(&[1000, 3000, 5000, 7000, 9000]);
    let fitted = fitted(&asked, false, Widen::NeverBusy).unwrap();
    assert!(fitted.added.is_empty() && fitted.rules.len() == 10);
}

#[test]
fn a_busy_port_is_not_swallowed_unless_that_is_allowed() {
    let asked = served_by_us_all(&[440, 446, 8000, 8100, 9000, 9700]);
    let ports = |widen| own_ports(&fitted(&asked, false, widen).unwrap());
    assert_eq!(ports(Widen::NeverBusy), ["440", "446", "8000-8100", "9000", "9700"]);
    assert_eq!(ports(Widen::Any), ["440-446", "8000", "8100", "9000", "9700"]);
}

#[test]
fn where_busy_ports_are_between_all_of_them_nothing_fits() {
    let between = [79, 81, 442, 444, 2048, 2050, 3305, 3307, 5431, 5433];
    let asked = served_by_us_all(&between);
    assert!(BUSY_PORTS.iter().all(|port| between.contains(&(port - 1)) && between.contains(&(port + 1))));
    assert_eq!(fitted(&asked, false, Widen::NeverBusy), None);
    assert!(!fitted(&asked, false, Widen::Any).unwrap().added.busy_ports().is_empty());
}

#[test]
fn networks_that_are_many_become_one_around_them() {
    let networks: Vec<String> = (0..30).map(|n| format!("tcp/8443 with 10.0.{}.0/24", 2 * n)).collect();
    let asked = packets(&networks.join(", "));
    assert!(exact(&asked, false).unwrap().len() > RULES_PER_FILTER);
    let fitted = fitted(&asked, false, Widen::NeverBusy).unwrap();
    let around = packets("tcp/8443 with 10.0.0.0/18");
    assert!(!fitted.added.is_empty() && fitted.added.is_subset(&around).unwrap());
}

#[test]
fn all_packets_of_many_peers_are_widened_only_where_busy_ports_may_be_added() {
    let networks: Vec<String> = (0..30).map(|n| format!("10.0.{}.0/24", 2 * n)).collect();
    let asked = packets(&networks.join(", "));
    assert_eq!(fitted(&asked, false, Widen::NeverBusy), None);
    assert!(fitted(&asked, false, Widen::Any).unwrap().added.share(false) < 0.0001);
}

#[test]
fn of_many_excepted_packets_those_are_mirrored_that_are_the_least() {
    let asked = packets("all but tcp/22, tcp/9000, 10.9.0.0/16, 192.0.2.7/32");
    let few = fitted(&asked, false, Widen::NeverBusy).unwrap();
    assert!(!few.added.is_empty() && few.added.is_subset(&packets("tcp/22, tcp/9000")).unwrap());
    // A single host is less than that, but has packets of busy ports.
    let any = fitted(&asked, false, Widen::Any).unwrap();
    assert!(any.added.share(false) < few.added.share(false) && !any.added.busy_ports().is_empty());
    let everything = packets("all but tcp/443, udp/443, tcp/2049, tcp/3306, tcp/5432");
    assert_eq!(fitted(&everything, false, Widen::NeverBusy), None);
}
