//! The names in INSERT, UPDATE and DELETE.

use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, Delete, FromTable, Ident, Insert, ObjectName, OnConflictAction,
    OnInsert, SelectItem, TableObject, Update, UpdateTableFromKind,
};

use super::Resolver;
use crate::canonical;
use crate::scope::{Binding, Lookup, Scope, look_up};
use crate::syntax::last_part;

impl Resolver<'_> {
    pub(super) fn insert(&mut self, insert: &mut Insert) {
        let TableObject::TableName(name) = &mut insert.table else { return };
        let mut binding = self.table(name, None, &Scope::new());
        *name = ObjectName::from(vec![Ident::new(binding.canonical.clone())]);
        if let Some(alias) = &insert.table_alias {
            binding.name = Some(alias.alias.value.to_lowercase());
        }
        for column in &mut insert.columns {
            self.target(column, &binding);
        }
        if let Some(source) = &mut insert.source {
            self.query(source);
        }
        let excluded =
            Binding { name: Some("excluded".to_owned()), canonical: "excluded".to_owned(), ..binding.clone() };
        self.scopes.push(vec![binding.clone()]);
        if let Some(OnInsert::OnConflict(conflict)) = &mut insert.on {
            if let Some(ConflictTarget::Columns(columns)) = &mut conflict.conflict_target {
                for column in columns {
                    *column = canonical::lowered(column);
                }
            }
            if let OnConflictAction::DoUpdate(update) = &mut conflict.action {
                self.scopes.push(vec![excluded]);
                self.assignments(&mut update.assignments, &binding);
                update.selection.iter_mut().for_each(|e| self.expr(e));
                self.scopes.pop();
            }
        }
        self.returning(&mut insert.returning, &vec![binding]);
        self.scopes.pop();
    }

    pub(super) fn update(&mut self, update: &mut Update) {
        let mut scope = Scope::new();
        self.table_with_joins(&mut update.table, &mut scope);
        let Some(target) = scope.first().cloned() else { return };
        if let Some(UpdateTableFromKind::AfterSet(tables) | UpdateTableFromKind::BeforeSet(tables)) = &mut update.from {
            for table in tables {
                self.table_with_joins(table, &mut scope);
            }
        }
        self.scopes.push(scope.clone());
        self.assignments(&mut update.assignments, &target);
        update.selection.iter_mut().for_each(|e| self.expr(e));
        self.returning(&mut update.returning, &scope);
        self.scopes.pop();
    }

    pub(super) fn delete(&mut self, delete: &mut Delete) {
        let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &mut delete.from;
        let mut scope = Scope::new();
        for table in tables.iter_mut().chain(delete.using.iter_mut().flatten()) {
            self.table_with_joins(table, &mut scope);
        }
        self.scopes.push(scope.clone());
        delete.selection.iter_mut().for_each(|e| self.expr(e));
        self.returning(&mut delete.returning, &scope);
        self.scopes.pop();
    }

    fn assignments(&mut self, assignments: &mut [Assignment], target: &Binding) {
        for assignment in assignments.iter_mut() {
            match &mut assignment.target {
                AssignmentTarget::ColumnName(name) => self.target(name, target),
                AssignmentTarget::Tuple(names) => names.iter_mut().for_each(|name| self.target(name, target)),
            }
            self.expr(&mut assignment.value);
        }
        assignments.sort();
    }

    /// A column that is written to, which can only be one of the target.
    fn target(&mut self, name: &mut ObjectName, target: &Binding) {
        let column = last_part(name);
        if look_up(&[vec![target.clone()]], None, &column) == Lookup::NoColumn {
            self.no_such_column(&column);
        }
        canonical::lower(name);
    }

    fn returning(&mut self, returning: &mut Option<Vec<SelectItem>>, scope: &Scope) {
        if let Some(items) = returning {
            self.projection(items, scope);
        }
    }
}
