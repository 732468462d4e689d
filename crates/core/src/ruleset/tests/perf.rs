use super::*;
fn ns() -> u64 {
    std::fs::read_to_string("/proc/thread-self/schedstat").unwrap().split(' ').next().unwrap().parse().unwrap()
}
#[test]
fn perf_named() {
    let own20: Vec<String> = (0..20).map(|n| format!("tcp/{}", 1000 + 137 * n)).collect();
    let peers30: Vec<String> = (0..30).map(|n| format!("10.{}.{}.0/24", n % 7, 2 * n)).collect();
    let peers30p: Vec<String> = (0..30).map(|n| format!("tcp/8443 with 10.{}.{}.0/24", n % 7, 2 * n)).collect();
    let both: Vec<String> =
        (0..20).map(|n| format!("tcp/{} with 10.{}.{}.0/24", 1000 + 137 * n, n % 7, 2 * n)).collect();
    let list = [
        "".to_owned(),
        "all but tcp/22".into(),
        "all but tcp/22, 10.9.0.0/16".into(),
        "all but tcp/22, tcp/2049".into(),
        "all but tcp/22, udp/53, 10.9.0.0/16".into(),
        "all but tcp/22, tcp/80, 10.9.0.0/16, 192.0.2.0/24".into(),
        "tcp/443, udp/443".into(),
        own20.join(", "),
        format!("all but {}", own20.join(", ")),
        peers30.join(", "),
        format!("all but {}", peers30.join(", ")),
        peers30p.join(", "),
        both.join(", "),
        format!("all but {}", both.join(", ")),
        format!("all but {}, {}", own20.join(", "), peers30.join(", ")),
    ];
    for text in &list {
        let asked = packets(text);
        for ipv6 in [false, true] {
            let (a, r) = {
                let s = ns();
                let r = exact(&asked, ipv6).unwrap().len();
                (ns() - s, r)
            };
            let s = ns();
            let f = fit(&asked, ipv6, Widen::NeverBusy).unwrap();
            let b = ns() - s;
            let s = ns();
            let g = fit(&asked, ipv6, Widen::Any).unwrap();
            let c = ns() - s;
            println!(
                "{:60.60} {ipv6:5} exact {r:4} {:9.3}ms  fit {:?} {:9.3}ms any {:?} {:9.3}ms share {:.6}",
                text,
                a as f64 / 1e6,
                f.map(|f| f.rules.len()),
                b as f64 / 1e6,
                g.as_ref().map(|f| f.rules.len()),
                c as f64 / 1e6,
                g.unwrap().added.share(ipv6)
            );
        }
    }
}
#[test]
fn perf_chance() {
    let mut chance = Chance(0x5eed);
    let mut t = Vec::new();
    for at in 0..cases(60) {
        let (asked, ipv6) = (agreement::capture(&mut chance, 1 + at % 12), chance.below(2) == 0);
        let s = ns();
        let n = exact(&asked, ipv6).unwrap().len();
        let a = ns() - s;
        let s = ns();
        let f = fit(&asked, ipv6, Widen::NeverBusy).unwrap();
        let b = ns() - s;
        let s = ns();
        let _ = fit(&asked, ipv6, Widen::Any).unwrap();
        let c = ns() - s;
        t.push((a, b, c, n, at, asked.blocks().len(), f.is_some()));
    }
    for sort in 0..3 {
        t.sort_by_key(|x| std::cmp::Reverse([x.0, x.1, x.2][sort]));
        for x in t.iter().take(5) {
            println!(
                "{sort} exact {:.2} fit {:.2} any {:.2} n {} at {} blocks {} {}",
                x.0 as f64 / 1e6,
                x.1 as f64 / 1e6,
                x.2 as f64 / 1e6,
                x.3,
                x.4,
                x.5,
                x.6
            );
        }
        let mid = t[t.len() / 2];
        println!("median {:.3} {:.3} {:.3}", mid.0 as f64 / 1e6, mid.1 as f64 / 1e6, mid.2 as f64 / 1e6);
    }
}
