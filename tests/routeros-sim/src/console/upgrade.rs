//! Another version over this one, with what was set.

use super::World;
use crate::model::Model;
use crate::row::Reply;
use crate::tree::{self, Tree};

impl World {
    /// `/system/package/update/install` takes the newest release of version 7, and starts anew with it.
    pub(super) fn install_newest(&mut self) -> Reply {
        if self.model < Model::V7_24 {
            self.become_model(Model::V7_24);
            self.boot();
        }
        Reply::default()
    }

    /// Becomes another version: policies and menus that changed their form are carried over.
    pub(crate) fn become_model(&mut self, model: Model) {
        let before = std::mem::replace(&mut self.model, model);
        model.name().clone_into(&mut self.state.model);
        self.carry_policies();
        self.carry_settings(before);
        if model.prints_available_from() {
            for item in &mut self.state.table_mut("/ip/service").items {
                if let Some(list) = item.fields.remove("address") {
                    item.fields.insert("available-from".to_owned(), list);
                }
            }
        }
        if model.since(19) && !before.since(5) {
            // 7.19 lost the trust in what releases up to 7.4 had imported.
            for one in &mut self.state.certificates {
                one.trusted &= one.made_here;
            }
        }
        self.number_files();
    }

    /// The group `full` gets the policies that are new, the others do not.
    fn carry_policies(&mut self) {
        let all = self.model.policies();
        for item in &mut self.state.table_mut("/user/group").items {
            let full = item.fields.get("name").is_some_and(|name| name == "full");
            let policy = item.fields.entry("policy".to_owned()).or_default();
            let has = |one: &str| full || policy.split(',').any(|own| own == one);
            let (with, without): (Vec<&str>, Vec<&str>) = all.iter().partition(|one| has(one));
            let denied = without.iter().map(|one| format!("!{one}"));
            let words = with.iter().map(|&one| one.to_owned()).chain(denied);
            *policy = words.collect::<Vec<_>>().join(",");
        }
    }

    /// One object that became a list of them is its first row; it was on or off by `enabled`.
    fn carry_settings(&mut self, before: Model) {
        for (path, menu) in tree::menus() {
            let becomes_list = Tree::of(before).is_settings(path)
                && Tree::of(self.model).has_menu(path)
                && !Tree::of(self.model).is_settings(path);
            if !becomes_list {
                continue;
            }
            let Some(mut fields) = self.state.settings.remove(path) else {
                continue;
            };
            let on = fields.remove("enabled").is_some_and(|on| on == "true");
            fields.insert("disabled".to_owned(), (!on).to_string());
            if let (Some(name), Some(stem)) = (&menu.name, &menu.automatic) {
                fields.insert(name.clone(), format!("{stem}1"));
            }
            self.state.table_mut(path).push(fields);
        }
    }

    /// Files get ids as the version writes them.
    fn number_files(&mut self) {
        let files = std::mem::take(&mut self.state.files);
        for mut file in files {
            file.id = self.new_file_id(&file.name);
            self.state.files.push(file);
        }
    }
}
