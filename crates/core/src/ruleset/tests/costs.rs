//! Takes captures, as text; gives what they cost in rules. The table is what the documents show.

use super::*;

/// What is captured; rules in IPv4, and with IPv6.
const COSTS: [(&str, usize, usize); 14] = [
    ("", 2, 4),
    ("all but 10.9.0.0/16", 4, 6),
    ("all but 10.9.0.0/16, 192.0.2.0/24", 6, 8),
    ("all but 2001:db8::/32", 2, 6),
    ("all but tcp", 4, 8),
    ("all but tcp/22", 6, 12),
    ("all but tcp/22, tcp/2049", 10, 20),
    ("all but tcp/22, 10.9.0.0/16", 8, 14),
    ("tcp", 2, 4),
    ("tcp/443", 4, 8),
    ("tcp/443, udp/443", 8, 16),
    ("tcp/443 with 10.0.0.0/8", 4, 4),
    ("10.0.0.0/8", 2, 2),
    ("10.0.0.0/24, 10.0.1.0/24", 2, 2),
];

#[test]
fn what_captures_cost_in_rules() {
    println!("| captured | rules | with IPv6 |\n|---|---|---|");
    let mut wrong = Vec::new();
    for (text, ipv4, ipv6) in COSTS {
        let rules = [false, true].map(|ipv6| exact(&packets(text), ipv6).unwrap().len());
        println!("| {} | {} | {} |", if text.is_empty() { "everything" } else { text }, rules[0], rules[1]);
        if rules != [ipv4, ipv6] {
            wrong.push((text, rules));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_port_that_we_serve_takes_a_rule_each_way() {
    assert_eq!(
        words(&exact(&served_by_us(443), false).unwrap()),
        [
            "ingress 100 accept protocol 6 from 0.0.0.0/0 to 0.0.0.0/0 port 443-443",
            "egress 100 accept protocol 6 from 0.0.0.0/0 port 443-443 to 0.0.0.0/0",
        ]
    );
    assert_eq!(exact(&served_by_us(443), true).unwrap().len(), 4);
}

#[test]
fn what_is_excepted_is_rejected_first_in_the_order_of_a_policy() {
    assert_eq!(
        words(&exact(&packets("all but 10.9.0.0/16, tcp/2049"), false).unwrap()),
        [
            "ingress 100 reject protocol 6 from 0.0.0.0/0 port 2049-2049 to 0.0.0.0/0",
            "ingress 200 reject protocol 6 from 0.0.0.0/0 to 0.0.0.0/0 port 2049-2049",
            "ingress 300 reject all protocols from 10.9.0.0/16 to 0.0.0.0/0",
            "egress 100 reject protocol 6 from 0.0.0.0/0 to 0.0.0.0/0 port 2049-2049",
            "egress 200 reject protocol 6 from 0.0.0.0/0 port 2049-2049 to 0.0.0.0/0",
            "egress 300 reject all protocols from 0.0.0.0/0 to 10.9.0.0/16",
            "ingress 400 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
            "egress 400 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
        ]
    );
    let both = exact(&packets("all but 10.9.0.0/16, 2001:db8::/32"), true).unwrap();
    let ingress: Vec<String> = words(&both).into_iter().filter(|it| it.starts_with("ingress")).collect();
    assert_eq!(
        ingress,
        [
            "ingress 100 reject all protocols from 10.9.0.0/16 to 0.0.0.0/0",
            "ingress 200 reject all protocols from 2001:db8::/32 to ::/0",
            "ingress 300 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
            "ingress 400 accept all protocols from ::/0 to ::/0",
        ]
    );
}

#[test]
fn an_exception_of_an_exception_stands_before_it() {
    let all = packets("all but 10.0.0.0/8").union(&packets("10.9.0.0/16")).unwrap();
    let ingress: Vec<String> =
        words(&exact(&all, false).unwrap()).into_iter().filter(|it| it.starts_with("ingress")).collect();
    assert_eq!(
        ingress,
        [
            "ingress 200 reject all protocols from 10.0.0.0/8 to 0.0.0.0/0",
            "ingress 100 accept all protocols from 10.9.0.0/16 to 0.0.0.0/0",
            "ingress 300 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
        ]
    );
}

#[test]
fn nothing_takes_no_rules_and_the_resolver_is_no_rules_matter() {
    assert!(exact(&PacketSet::default(), true).unwrap().is_empty());
    assert!(exact(&PacketSet::resolver_alone(), true).unwrap().is_empty());
    let fitted = fit(&PacketSet::everything(), true, Widen::NeverBusy).unwrap().unwrap();
    assert!(fitted.added.is_empty() && fitted.rules.len() == 4);
}
