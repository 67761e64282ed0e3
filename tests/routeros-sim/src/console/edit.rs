//! The commands that every menu has: `edit`, and what `reset` cannot do.

use super::{Caller, World, is_row, item_argument};
use crate::row::{Reply, Request};
use crate::trap::Trap;
use crate::tree::Tree;

impl World {
    /// Opens the editor of the console, which needs a terminal: no door here has one.
    pub(super) fn edit(&mut self, caller: Caller<'_>, request: &Request) -> Result<Reply, Trap> {
        let menu = request.menu.as_str();
        let tree = Tree::of(self.model);
        let of_row = tree
            .arguments(menu, "edit")
            .is_some_and(|known| known.iter().any(|one| one == "number"));
        if of_row {
            let wanted = item_argument(request).ok_or_else(|| Trap::missing("number"))?;
            let print = Request::new(menu, "print");
            let rows = self.dispatch(caller, menu, "print", &print)?.rows;
            if !rows.iter().any(|row| is_row(row, wanted)) {
                return Err(Trap::item());
            }
        }
        let field = request
            .argument("value-name")
            .ok_or_else(|| Trap::missing("value-name"))?;
        if !tree.has_field(menu, field) {
            return Err(Trap::no_match("value-name"));
        }
        match self.assumptions.is("edit-without-terminal", "refused") {
            true => Err(Trap::failure("no terminal to edit in")),
            false => Ok(Reply::default()),
        }
    }

    /// What `reset` does with a field that a row cannot be without, such as its name: it stays.
    pub(super) fn keep_required(&self, field: &str) -> Result<(), Trap> {
        match self.assumptions.is("reset-required", "refused") {
            true => Err(Trap::failure(format!("can not reset {field}"))),
            false => Ok(()),
        }
    }
}
