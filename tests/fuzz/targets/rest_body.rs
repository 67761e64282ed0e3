//! Bodies of REST come from any client of the simulated router: whatever command they are for, it is done or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use routeros_sim::console::{Caller, World};
use routeros_sim::model::Model;
use routeros_sim::rest;
use routeros_sim::row::Request;
use routeros_sim::tree::Tree;

fuzz_target!(|octets: &[u8]| {
    let Some((&[model, high, low], body)) = octets.split_first_chunk() else {
        return;
    };
    let model = Model::ALL[usize::from(model) % Model::ALL.len()];
    let commands: Vec<(&str, &str)> = Tree::of(model)
        .menus()
        .flat_map(|(menu, commands)| commands.keys().map(move |command| (menu, command.as_str())))
        .collect();
    let (menu, command) = commands[usize::from(u16::from_be_bytes([high, low])) % commands.len()];
    // It makes keys of any size, for as long as that takes.
    if command == "generate-key" {
        return;
    }
    let Some(request) = rest::read(Request::new(menu, command), body) else {
        return;
    };
    let mut world = World::fresh(model);
    let said = world.execute(Caller::Console, &request);
    if said.is_ok() && menu != "/system" {
        let print = Request::new(menu, "print");
        let listed = world.execute(Caller::Console, &print);
        assert!(
            listed.is_ok() || Tree::of(model).arguments(menu, "print").is_none(),
            "{menu} after {command}: {listed:?}"
        );
    }
});
