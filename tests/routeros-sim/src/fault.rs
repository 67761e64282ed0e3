//! What goes wrong between a router and its clients, when a test asks for it.
//!
//! A fault strikes a command that comes through a door; uploads over SFTP and SCP count as the command `upload` of
//! `/file`. A cut after the command, a cut before it and the limit of a minute on REST are documented or were recorded
//! from devices. That a device does a command by halves when its link or its power ends is an assumption: nothing says
//! that its commands are all or nothing.

use serde::Deserialize;

use crate::row::Request;

/// A fault that is to come.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fault {
    fault: Kind,
    /// Only commands of this menu count.
    menu: Option<String>,
    /// Only commands of this name count.
    command: Option<String>,
    /// Strikes this one of them, counted from 1.
    #[serde(default = "first")]
    after: u32,
    /// How late the answer is.
    #[serde(default)]
    seconds: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Cut,
    Reset,
    Half,
    Late,
}

/// Faults by chance: of the same seed and the same commands come the same faults.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Chance {
    seed: u64,
    /// About one command in so many is struck; none for 0.
    one_in: u64,
}

/// How a command is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strike {
    /// It is done, and the connection ends without an answer.
    Cut,
    /// It is not done, and the connection is reset.
    Reset,
    /// It is done by half, and the connection ends without an answer.
    Half,
    /// It is done, and answered so many seconds late.
    Late(i64),
}

/// The faults that are to come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    planned: Vec<Fault>,
    chance: Option<Chance>,
}

impl Faults {
    pub(crate) fn plan(&mut self, fault: Fault) {
        self.planned.push(fault);
    }

    pub(crate) fn leave_to(&mut self, chance: Chance) {
        self.chance = Some(chance);
    }

    /// Counts a command, and tells how it is struck.
    pub(crate) fn strike(&mut self, request: &Request) -> Option<Strike> {
        let mut struck = None;
        for (place, fault) in self.planned.iter_mut().enumerate() {
            let is = |wanted: &Option<String>, own: &str| {
                wanted.as_ref().is_none_or(|wanted| wanted == own)
            };
            if !is(&fault.menu, &request.menu) || !is(&fault.command, &request.command) {
                continue;
            }
            if fault.after > 1 {
                fault.after -= 1;
            } else {
                struck = Some(place);
                break;
            }
        }
        match struck {
            Some(place) => Some(self.planned.remove(place).strike()),
            None => self.chance.as_mut()?.strike(),
        }
    }
}

impl Fault {
    fn strike(&self) -> Strike {
        match self.fault {
            Kind::Cut => Strike::Cut,
            Kind::Reset => Strike::Reset,
            Kind::Half => Strike::Half,
            Kind::Late => Strike::Late(self.seconds),
        }
    }
}

impl Chance {
    fn strike(&mut self) -> Option<Strike> {
        let drawn = self.draw();
        if self.one_in == 0 || !drawn.is_multiple_of(self.one_in) {
            return None;
        }
        Some(match self.draw() % 3 {
            0 => Strike::Cut,
            1 => Strike::Reset,
            _ => Strike::Half,
        })
    }

    /// `SplitMix64`: a step of the seed, and its bits mixed.
    fn draw(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// What a command that is done by half does: the first half of what it was told, or of the contents of its file.
pub(crate) fn half(request: &Request) -> Request {
    let mut half = request.clone();
    if let Some((_, contents)) = half
        .arguments
        .iter_mut()
        .find(|(name, _)| name == "contents")
    {
        let middle = contents.floor_char_boundary(contents.len() / 2);
        contents.truncate(middle);
        return half;
    }
    if request.command == "import" {
        return half;
    }
    let names = |name: &str| {
        matches!(
            name,
            ".id" | "numbers" | "number" | "name" | "template" | "file-name"
        )
    };
    let told = request.arguments.iter().filter(|(name, _)| !names(name));
    let mut left = told.count() / 2;
    half.arguments.retain(|(name, _)| {
        if names(name) {
            return true;
        }
        let kept = left > 0;
        left = left.saturating_sub(1);
        kept
    });
    half
}

fn first() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(faults: &mut Faults, commands: &str) -> Vec<Option<Strike>> {
        let one = |command| faults.strike(&Request::new("/x", command));
        commands.split(' ').map(one).collect()
    }

    fn fault(text: &str) -> Fault {
        serde_json::from_str(text).expect("a fault")
    }

    #[test]
    fn a_fault_strikes_the_command_that_it_waits_for() {
        let mut faults = Faults::default();
        faults.plan(fault(r#"{"fault":"cut","command":"set","after":2}"#));
        faults.plan(fault(r#"{"fault":"late","menu":"/x","seconds":7}"#));
        let expect = [Some(Strike::Late(7)), None, Some(Strike::Cut), None];
        assert_eq!(struck(&mut faults, "set print set set"), expect);
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed() {
        let commands = ["set"; 200].join(" ");
        let by = |seed| {
            let mut faults = Faults::default();
            faults.leave_to(Chance { seed, one_in: 10 });
            struck(&mut faults, &commands)
        };
        assert_eq!(by(7), by(7));
        assert_ne!(by(7), by(8));
        let count = by(7).iter().flatten().count();
        assert!((5..50).contains(&count), "{count}");
    }

    #[test]
    fn half_a_command_names_the_same_item() {
        let set = Request::new("/x", "set").with(".id", "*1");
        let whole = set.clone().with("a", "1").with("b", "2").with("c", "3");
        assert_eq!(half(&whole), set.with("a", "1"));
        let file = |contents| {
            Request::new("/file", "add")
                .with("name", "f")
                .with("contents", contents)
        };
        assert_eq!(half(&file("abcü")), file("ab"));
    }
}
