//! What is not followed: every check of it gets the verdict of what kept it from being reached.

use super::describe;
use super::outcome::Verdict;
use super::value::Value;
use super::world::{Governor, Noted, World};
use crate::plan::{each_statement, literal, requirements_of};
use crate::scenario::ast::{Given, Item, Rows, Slot, Statement};

impl World {
    /// Notes every check of statements that are not followed.
    pub(super) fn skip(&self, items: &[Item], verdict: &Verdict) {
        self.skip_under(items, verdict, self.governor.clone());
    }

    fn skip_under(&self, items: &[Item], verdict: &Verdict, mut governor: Option<Governor>) {
        for item in items {
            match &item.value {
                Statement::Level(asked) => {
                    governor = self.cited(&asked.id).ok().map(|id| {
                        let level = self.shared.level(&id);
                        Governor::Requirement(id, level)
                    });
                }
                Statement::Given(Given::Taken) => governor = Some(Governor::Given),
                Statement::Request(_) | Statement::Step(_) => governor = None,
                Statement::Check(_) => {
                    if let Some(Governor::Requirement(id, level)) = &governor {
                        let verdict = if self.is_asked(id, *level) {
                            verdict.clone()
                        } else {
                            self.not_in_force()
                        };
                        let asked = describe::line(self.planned.source(&item.span));
                        self.note(
                            &item.span,
                            id,
                            Noted {
                                verdict,
                                asked,
                                got: String::new(),
                            },
                        );
                    }
                }
                Statement::When(_, body) | Statement::Together(_, body) => {
                    self.skip_under(body, verdict, governor.clone());
                }
                Statement::For(rows, body) => self.skip_rows(rows, body, verdict, governor.as_ref()),
                _ => {}
            }
        }
    }

    fn skip_rows(&self, rows: &Rows, body: &[Item], verdict: &Verdict, governor: Option<&Governor>) {
        let Rows::Table { columns, rows } = rows else {
            return self.skip_under(body, verdict, governor.cloned());
        };
        for row in rows {
            let mut world = self.clone();
            world.scope.open();
            for (column, cell) in columns.iter().zip(&row.value) {
                if let Some(text) = literal(cell) {
                    world.scope.bind(&column.value, Value::Text(text));
                }
            }
            world.skip_under(body, verdict, governor.cloned());
        }
    }

    /// Whether statements cite requirements, and none of them is in force.
    pub(super) fn out_of_force(&self, items: &[Item]) -> bool {
        let mut cited = requirements_of(items);
        each_statement(items, &mut |item| {
            if let Statement::Level(asked) = &item.value
                && let Slot::Column(_) = &asked.id.value
                && let Ok(id) = self.cited(&asked.id)
            {
                cited.insert(id);
            }
        });
        !cited.is_empty() && cited.iter().all(|id| self.shared.level(id).is_none())
    }

    pub(super) fn not_in_force(&self) -> Verdict {
        Verdict::NotAsked(format!("not in force in {}", self.shared.settings.version))
    }
}
