//! Takes a seed; gives what happens to a cloud and to the processes in it for a simulated hour or more: who does what, what fails, what
//! lies, who dies. Never plays it.

use jiff::SignedDuration;
use mirror_core::ids::LoadBalancerArn;
use mirror_core::policy::{Policy, SampleKey, parse};
use mirror_sim::api::{Effect, Fault, Lag, Odds, Rates};
use mirror_sim::{Api, ApiError, Caller, World};

use super::converged::{Wish, differences};
use super::listed::registered;
use super::people::People;
pub(crate) use super::setting::Setting;
use super::stage::{Event, Moment, REGION, Stage};
use crate::support::dice::Dice;

const ACCOUNT: &str = "111122223333";

/// A fight that somebody has picked ends within the longest pause, and the allowance is whole again after an hour.
const PEACE: SignedDuration = SignedDuration::from_hours(8);

/// The longest that calls fail or lie, in seconds.
const LONGEST_FAULT: u64 = 240;

/// What befalls a process or its cloud.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Somebody(u64),
    Dies(usize),
    Pauses(usize, SignedDuration),
    Follows(usize, u64),
    Approves(usize),
    Fails(u64, SignedDuration),
}

/// A storm: what happens when.
#[derive(Clone)]
pub(crate) struct Storm {
    pub(crate) seed: u64,
    pub(crate) setting: Setting,
    pub(crate) happenings: Vec<(SignedDuration, Happening)>,
    /// The call at which the process is killed that makes it.
    pub(crate) kill: Option<(u64, Moment)>,
}

/// What came of it.
pub(crate) struct Outcome {
    /// What was wrong; none if nothing was.
    pub(crate) wrong: Option<String>,
    pub(crate) story: Vec<String>,
    pub(crate) calls: u64,
    pub(crate) took: SignedDuration,
}

impl Storm {
    pub(crate) fn new(seed: u64, setting: &Setting) -> Self {
        let mut dice = Dice::new(seed);
        let happening = |_| {
            let at = SignedDuration::from_millis(signed(dice.roll(0..1000 * setting.lasts.as_secs().unsigned_abs())));
            let processes = u64::try_from(setting.leaders.len()).unwrap() + u64::from(setting.another_owner);
            let process = usize::try_from(dice.roll(0..processes)).unwrap();
            let what = match dice.roll(0..21) {
                0 if setting.faults => Happening::Dies(process),
                1 if setting.faults => Happening::Pauses(process, SignedDuration::from_secs(signed(dice.roll(1..300)))),
                2 => Happening::Follows(process, dice.roll(0..u64::MAX)),
                6..16 if setting.fickle => Happening::Follows(process, dice.roll(0..u64::MAX)),
                3..5 if setting.faults => Happening::Fails(
                    dice.roll(0..u64::MAX),
                    SignedDuration::from_secs(signed(dice.roll(5..LONGEST_FAULT))),
                ),
                5 => Happening::Approves(process),
                _ => Happening::Somebody(dice.roll(0..u64::MAX)),
            };
            (at, what)
        };
        let mut happenings: Vec<_> = (0..setting.happenings).map(happening).collect();
        happenings.sort_by_key(|(at, _)| *at);
        // One at a time, each shorter than what AWS calls eventual: what lies for longer is believed.
        let mut over = SignedDuration::ZERO;
        happenings.retain(|(at, what)| match what {
            Happening::Fails(_, time) => {
                let begins = *at > over;
                over = if begins { *at + *time + SignedDuration::from_mins(2) } else { over };
                begins
            }
            _ => true,
        });
        Self { seed, setting: setting.clone(), happenings, kill: None }
    }

    /// Plays it, and then demands that everything is as it should be, and stays so.
    pub(crate) fn play(&self, tells: bool) -> Outcome {
        let Setting { lasts, calms, idle, .. } = self.setting;
        let mut stage = self.stage(tells);
        let (began, sensors) = (stage.now(), stage.sensors());
        stage.shared().kills.extend(self.kill);
        for (at, happening) in &self.happenings {
            match happening {
                Happening::Somebody(what) => stage.at(*at, Event::Somebody(*what)),
                Happening::Dies(which) => stage.at(*at, Event::Dies(*which)),
                Happening::Pauses(which, time) => stage.at(*at, Event::Pauses(*which, *time)),
                Happening::Follows(which, what) => {
                    let owner = self.owner(*which);
                    let leaders = 0..self.setting.leaders.len();
                    // Two leaders of one owner have one policy.
                    let who = if leaders.contains(which) { leaders } else { *which..*which + 1 };
                    who.for_each(|which| stage.at(*at, Event::Follows(which, wish(owner, &sensors, *what))));
                }
                Happening::Approves(which) => stage.at(*at, Event::Approves(*which)),
                Happening::Fails(what, time) => stage.at(*at, fails(*what, *time)),
            }
        }
        stage.goes_on_for(lasts);
        stage.calms_down();
        let mut wrong = stage.converges(calms, idle);
        let is_policy = |(_, what): &&(SignedDuration, Happening)| matches!(what, Happening::Follows(..));
        let policies = self.happenings.iter().filter(is_policy).count();
        if !wrong.is_empty() && (stage.shared().judge.tampered > 2 || policies > 1) {
            // Whoever has undone the same repair three times in an hour may have picked a fight, and what one policy after the other no
            // longer wants may be more than may be lost in an hour.
            wrong = stage.converges(PEACE, idle);
        }
        let took = stage.now().duration_since(began);
        let mut shared = stage.shared();
        let story = shared.judge.story.take().unwrap_or_default();
        Outcome { wrong: (!wrong.is_empty()).then(|| wrong.join("\n")), story, calls: shared.calls, took }
    }

    /// A storm that ends as badly with as little of it as can be found by leaving things out, half of them at first.
    pub(crate) fn shrunk(&self) -> Self {
        let mut least = self.clone();
        for (lag, lost) in [(SignedDuration::ZERO, 0), (SignedDuration::ZERO, self.setting.lost), (self.setting.lag, 0)]
        {
            let setting = Setting { lag, lost, ..self.setting.clone() };
            let less = Self { setting, ..self.clone() };
            if less.play(false).wrong.is_some() {
                least = less;
                break;
            }
        }
        let mut size = least.happenings.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < least.happenings.len() {
                let mut less = least.clone();
                less.happenings.drain(from..(from + size).min(less.happenings.len()));
                match less.play(false).wrong {
                    Some(_) => least = less,
                    None => from += size,
                }
            }
            size /= 2;
        }
        least
    }

    fn owner(&self, which: usize) -> &'static str {
        if which < self.setting.leaders.len() { "prod" } else { "blue" }
    }

    /// Everything as it is before the storm.
    pub(crate) fn stage(&self, tells: bool) -> Stage {
        let Self { seed, setting, .. } = self;
        let begin = mirror_core::Time::from_second(1_800_000_000).unwrap();
        let mut world = World::new(ACCOUNT.into(), REGION.into(), *seed, begin);
        world.unknowns = setting.unknowns.clone();
        let mut people = People::move_in(&mut world);
        people.guests = setting.guests;
        people.meddling = setting.meddling;
        people.readdressing = setting.readdressing;
        let mut dice = Dice::new(seed ^ 0x5eed);
        match setting.jewels {
            0 => (0..dice.roll(1..6)).for_each(|_| _ = people.launch(&mut world, &mut dice)),
            jewels => (0..jewels).for_each(|_| people.launch_jewel(&mut world)),
        }
        let mut api = Api::new(world, *seed);
        api.limit_rates(Some(Rates::documented()));
        if setting.lag > SignedDuration::ZERO {
            let stale = Odds::in_a_million(million(dice.roll(0..1_000_000)));
            let twice = if setting.pages { Odds::in_a_million(200_000) } else { Odds::NEVER };
            api.lag(Some(Lag { stale, doubled: twice, missing: twice, ..Lag::up_to(setting.lag) }));
        }
        if setting.pages {
            api.add_fault(Fault::new(Effect::ShortPage(5)).on("Describe*"));
        }
        let mut stage = Stage::new(api, people, *seed, setting.through_sdk);
        stage.leased = setting.leased;
        {
            let mut shared = stage.shared();
            shared.judge.story = tells.then(Vec::new);
            shared.judge.doubles = setting.doubles;
            shared.judge.losses = setting.believes.then_some(0);
            shared.travel.lost = setting.lost;
        }
        let sensors = stage.sensors();
        let blue = setting.another_owner.then_some(SignedDuration::ZERO);
        for (which, skew) in setting.leaders.iter().copied().chain(blue).enumerate() {
            let owner = self.owner(which);
            stage.adds(wish(owner, &sensors, 0), Caller::new(ACCOUNT.into(), &format!("user/{owner}")), skew);
        }
        stage
    }
}

fn million(number: u64) -> u32 {
    u32::try_from(number).unwrap()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap()
}

/// What a policy asks for, as a number says; 0 is everything.
fn wish(owner: &'static str, sensors: &[LoadBalancerArn], what: u64) -> Wish {
    let mut dice = Dice::new(what);
    let mut to = |first: usize| match what {
        0 => sensors.get(first).cloned(),
        _ => sensors.get(usize::try_from(dice.roll(0..3)).unwrap()).cloned(),
    };
    Wish { owner, jewels: to(0), vaults: to(1) }
}

/// Strategies of every other kind. But for the junction they choose among the vaults, of which everything is wanted anyway: with whatever
/// they want, it is the same.
const OTHERS: &str = "  - {name: edge, junction: {loadBalancers: [{name: edge}]}, sensor: SENSOR}
  - name: data
    risk: {paths: [{from: {tags: {app: vault}}, to: {tags: {mirror: vault}}, ports: [tcp/5432]}]}
    sensor: SENSOR
  - {name: doors, accessPath: {select: {tags: {app: vault}}, expect: securityGroups}, sensor: SENSOR}
  - {name: some, sample: {select: {tags: {app: vault}}, by: [zone], fraction: 0.5, rotate: 1h}, sensor: SENSOR}
";

const EXTRAS: &str = "extras:
  dns: {select: {tags: {app: vault}}, sensor: SENSOR}
  tripwires: [{name: rdp, select: {tags: {app: vault}}, ports: [tcp/3389], sensor: SENSOR}]
";

impl Wish {
    /// As it is written in a file. There is always a strategy, though it chooses nobody: a policy without one is refused.
    pub(crate) fn policy(&self, sensors: &[LoadBalancerArn]) -> Policy {
        let Self { owner, jewels, vaults } = self;
        let name = |sensor: &LoadBalancerArn| if sensor.as_str().contains("/sta/") { "sta" } else { "zeek" };
        let mut text = format!("apiVersion: vpc-mirror/v1\nkind: Policy\nowner: {owner}\nsensors:\n");
        for sensor in sensors {
            text += &format!("  {}: {{targets: [{{networkLoadBalancer: {sensor}}}]}}\n", name(sensor));
        }
        text += "limits: {maxLosses: 100%}\nstrategies:\n";
        if let Some(sensor) = jewels {
            text += &format!("  - {{name: crown-jewel, importance: {{}}, sensor: {}}}\n", name(sensor));
        }
        if let Some(sensor) = vaults {
            let select = "{select: {tags: {app: vault}}}";
            text += &format!("  - {{name: vault, importance: {select}, sensor: {}}}\n", name(sensor));
            text += &OTHERS.replace("SENSOR", name(sensor));
        }
        text += "  - {name: nobody, importance: {select: {tags: {never: ever}}}, sensor: sta}\n";
        text += &vaults.iter().map(|sensor| EXTRAS.replace("SENSOR", name(sensor))).collect::<String>();
        let policy = parse("policy.yaml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Policy { sample_key: SampleKey::new(b"a key that everybody knows").ok(), ..policy }
    }
}

/// Something that befalls calls for a while.
fn fails(what: u64, time: SignedDuration) -> Event {
    Event::Cloud(Box::new(move |api: &mut Api| {
        let mut dice = Dice::new(what);
        let error =
            |code: &str, status| Effect::Error(ApiError { code: code.into(), message: "for a while".into(), status });
        let effect = match dice.roll(0..12) {
            0 => error("InternalError", 500),
            1 => error("RequestLimitExceeded", 503),
            2 => Effect::Denied,
            3 => Effect::LostBefore,
            4 => Effect::LostAfter,
            5 => Effect::EmptyList,
            6 => Effect::CutPage(usize::try_from(dice.roll(0..4)).unwrap()),
            7 => Effect::SkippingPage(usize::try_from(dice.roll(1..4)).unwrap()),
            8 => Effect::ShortPage(5),
            9 => Effect::Shuffled,
            10 => Effect::Cut(99),
            _ => Effect::AnotherAccount("999999999999".into()),
        };
        let on =
            ["*", "Describe*", "DescribeInstances", "DescribeNetworkInterfaces", "*Session*", "*Filter*", "Create*"];
        let on = on[usize::try_from(dice.roll(0..7)).unwrap()];
        let odds = Odds::in_a_million([1_000_000, 500_000, 100_000][usize::try_from(dice.roll(0..3)).unwrap()]);
        let from = api.world().now();
        api.add_fault(Fault::new(effect).on(on).with_odds(odds).between(from, from + time));
    }))
}

impl Stage {
    fn sensors(&self) -> Vec<LoadBalancerArn> {
        self.people().sensors.clone()
    }

    /// From now on this befalls the calls of an action, which may have wildcards.
    pub(crate) fn fails(&self, effect: Effect, on: &str) {
        self.api.lock().unwrap().add_fault(Fault::new(effect).on(on));
    }

    /// From now on reads may be so old, and are not yet.
    pub(crate) fn lags_behind(&self, most: SignedDuration) {
        self.api.lock().unwrap().lag(Some(Lag {
            stale: Odds::NEVER,
            names_are_unknown_at_first: false,
            ..Lag::up_to(most)
        }));
    }

    /// Of the next so many reads those are so old whose bit is set.
    pub(crate) fn next_reads_are_old(&self, reads: u64, which: u64, age: SignedDuration) {
        let ages = (0..reads).map(|read| if which >> read & 1 == 1 { age } else { SignedDuration::ZERO });
        self.api.lock().unwrap().next_reads_are(ages);
    }

    /// From now on nothing goes wrong any more.
    pub(crate) fn calms_down(&mut self) {
        self.shared().travel.lost = 0;
        self.shared().lie = None;
        let mut api = self.api.lock().unwrap();
        api.end_faults();
        api.lag(None);
    }

    /// Goes on until everything is as it should be, and nothing is written for so many rounds; gives what is wrong if that does not begin
    /// within this time.
    pub(crate) fn converges(&mut self, within: SignedDuration, rounds: i32) -> Vec<String> {
        let (minute, mut quiet) = (SignedDuration::from_mins(1), 0);
        let end = self.now() + within + minute * rounds;
        while self.now() < end && within > SignedDuration::ZERO && self.shared().judge.verdict.is_none() {
            let writes = self.shared().writes;
            self.goes_on_for(minute);
            let is_quiet = self.shared().writes == writes && self.wrong().is_empty();
            quiet = if is_quiet { quiet + 1 } else { 0 };
            if quiet == rounds {
                return Vec::new();
            }
        }
        if within > SignedDuration::ZERO { self.rests(1) } else { self.verdict() }
    }

    /// What is not as it should be, now or after so many rounds in which nothing may be written.
    pub(crate) fn rests(&mut self, rounds: i32) -> Vec<String> {
        let mut wrong = self.wrong();
        if wrong.is_empty() {
            let writes = self.shared().writes;
            self.goes_on_for(SignedDuration::from_secs(60) * rounds);
            let more = self.shared().writes - writes;
            wrong = self.wrong();
            wrong.extend((more > 0).then(|| format!("{more} writes although nothing happens")));
        }
        wrong
    }

    /// What must never be, and has been.
    fn verdict(&self) -> Vec<String> {
        self.shared().judge.verdict.iter().cloned().collect()
    }

    /// What is not as it should be.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let verdict = self.verdict();
        if !verdict.is_empty() {
            return verdict;
        }
        let mut api = self.api.lock().unwrap();
        let judge = &self.shared().judge;
        let registered = registered(&mut api, &self.people().edge);
        let of = |wish: &Wish| differences(&mut api, wish, &judge.made(wish.owner), &registered);
        judge.wishes().values().flat_map(of).collect()
    }
}
