//! What kind of values an expression has, as far as the schema and the tables in scope tell. Where they do not, rules
//! leave the expression alone.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Query, Select, SelectItem,
    SetExpr, TableFactor, TableWithJoins, UnaryOperator, Value,
};

use super::call_kinds::kind_of_result;
use super::names::{DeclaredColumn, Names};
use super::syntax::{is_comparison, is_condition};
use crate::catalog::ValueKind;
use crate::syntax::last_part;

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub kind: ValueKind,
    /// It is never NULL.
    pub not_null: bool,
    /// It is neither a column's value nor a cast's, so that it has no affinity in SQLite.
    pub computed: bool,
}

/// An output column of a query.
#[derive(Debug, Clone)]
struct Output {
    /// Its name, in lower case.
    name: String,
    known: Option<Known>,
    /// The column of the schema that it returns: table and name, in lower case.
    place: Option<(String, String)>,
}

/// Output columns of a query.
type Outputs = Vec<Output>;

/// What a name in FROM stands for.
#[derive(Debug, Clone)]
enum Relation {
    /// A table of the schema.
    Table(String),
    /// A query.
    Query(Outputs),
}

/// The relations of one FROM, by the names by which columns are qualified.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    relations: Vec<(String, Relation)>,
    /// A join may fill columns with NULL.
    outer: bool,
}

impl Scope {
    /// The table of the schema that `qualifier` stands for.
    pub fn table_of(&self, qualifier: &str) -> Option<&str> {
        self.relations.iter().find(|(name, _)| name == qualifier).and_then(|(_, relation)| match relation {
            Relation::Table(table) => Some(table.as_str()),
            Relation::Query(_) => None,
        })
    }

    /// Whether something in FROM has this name.
    pub fn has(&self, name: &str) -> bool {
        self.relations.iter().any(|(relation, _)| relation == name)
    }

    /// The relation, a query, that returns a column of this name.
    pub fn query_with(&self, column: &str) -> Option<&str> {
        self.relations.iter().find_map(|(name, relation)| match relation {
            Relation::Query(outputs) if outputs.iter().any(|output| output.name == column) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Every relation that is a table of the schema: its name here, and the table.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.relations.iter().filter_map(|(name, relation)| match relation {
            Relation::Table(table) => Some((name.as_str(), table.as_str())),
            Relation::Query(_) => None,
        })
    }
}

/// The scopes that are open, and the common tables.
#[derive(Debug, Clone)]
pub(super) struct Scopes<'n> {
    names: &'n Names,
    open: Vec<Scope>,
    common: Vec<(String, Outputs)>,
    /// The queries of the common tables.
    queries: Vec<(String, std::rc::Rc<Query>)>,
}

impl<'n> Scopes<'n> {
    pub fn new(names: &'n Names) -> Self {
        Self { names, open: Vec::new(), common: Vec::new(), queries: Vec::new() }
    }

    /// Opens the scope of a query: its common tables, and its FROM when it is one SELECT.
    pub fn enter_query(&mut self, query: &Query) {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let name = cte.alias.name.value.to_lowercase();
            let mut outputs = self.outputs(&cte.query);
            for (output, column) in outputs.iter_mut().zip(&cte.alias.columns) {
                output.name = column.name.value.to_lowercase();
            }
            self.queries.push((name.clone(), std::rc::Rc::new((*cte.query).clone())));
            self.common.push((name, outputs));
        }
        match &*query.body {
            SetExpr::Select(select) => self.enter_select(select),
            _ => self.open.push(Scope::default()),
        }
    }

    /// Opens the scope of a SELECT.
    pub fn enter_select(&mut self, select: &Select) {
        self.enter_from(&select.from);
    }

    /// Opens a scope with these tables.
    pub fn enter_from(&mut self, from: &[TableWithJoins]) {
        let mut scope = Scope::default();
        for item in from {
            self.tables(item, &mut scope);
        }
        self.open.push(scope);
    }

    /// The scopes within a query that stands here.
    pub fn within(&self, query: &Query) -> Self {
        let mut inner = self.clone();
        inner.enter_query(query);
        inner
    }

    /// The query of a common table.
    pub fn common_query(&self, name: &str) -> Option<std::rc::Rc<Query>> {
        self.queries.iter().rev().find(|(common, _)| common == name).map(|(_, query)| query.clone())
    }

    /// Closes the innermost scope.
    pub fn leave(&mut self) {
        self.open.pop();
    }

    /// The innermost scope.
    pub fn innermost(&self) -> Option<&Scope> {
        self.open.last()
    }

    /// Whether the innermost FROM has a column of this name, in lower case.
    pub fn here(&self, name: &str) -> bool {
        self.innermost().is_some_and(|scope| {
            scope.relations.iter().any(|(_, relation)| match relation {
                Relation::Table(table) => self.names.column_in(table, name).is_some(),
                Relation::Query(outputs) => outputs.iter().any(|output| output.name == name),
            })
        })
    }

    fn tables(&self, item: &TableWithJoins, scope: &mut Scope) {
        use sqlparser::ast::JoinOperator as Join;
        self.table(&item.relation, scope);
        for join in &item.joins {
            scope.outer |= !matches!(join.join_operator, Join::Join(_) | Join::Inner(_) | Join::CrossJoin(_));
            self.table(&join.relation, scope);
        }
    }

    fn table(&self, factor: &TableFactor, scope: &mut Scope) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let table = last_part(name);
                let called = alias.as_ref().map_or_else(|| table.clone(), |a| a.name.value.to_lowercase());
                let relation = match self.common.iter().rev().find(|(common, _)| *common == table) {
                    Some((_, outputs)) => Relation::Query(outputs.clone()),
                    None => Relation::Table(table),
                };
                scope.relations.push((called, relation));
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let called = alias.as_ref().map(|a| a.name.value.to_lowercase()).unwrap_or_default();
                let mut inner = Scopes { open: Vec::new(), ..self.clone() };
                scope.relations.push((called, Relation::Query(inner.outputs(subquery))));
            }
            TableFactor::NestedJoin { table_with_joins, .. } => self.tables(table_with_joins, scope),
            _ => {}
        }
    }

    /// The outputs of a query.
    fn outputs(&mut self, query: &Query) -> Outputs {
        let mut body = &*query.body;
        // What several queries give out is no column's alone.
        let mut several = false;
        let select = loop {
            match body {
                SetExpr::Select(select) => break select,
                SetExpr::SetOperation { left, .. } => (body, several) = (left, true),
                SetExpr::Query(inner) => return self.outputs(inner),
                _ => return Vec::new(),
            }
        };
        let common = self.common.len();
        self.enter_query(query);
        self.enter_select(select);
        let mut outputs = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { expr, alias } => {
                    outputs.push(self.output(alias.value.to_lowercase(), expr));
                }
                SelectItem::UnnamedExpr(expr) => {
                    let name = match expr {
                        Expr::Identifier(ident) => ident.value.to_lowercase(),
                        Expr::CompoundIdentifier(parts) => {
                            parts.last().map_or_else(String::new, |p| p.value.to_lowercase())
                        }
                        Expr::Function(function) => last_part(&function.name),
                        _ => String::new(),
                    };
                    outputs.push(self.output(name, expr));
                }
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                    if let Some(scope) = self.innermost() {
                        for (_, relation) in &scope.relations {
                            match relation {
                                Relation::Query(inner) => outputs.extend(inner.iter().cloned()),
                                Relation::Table(table) => outputs.extend(self.names.columns_of(table).map(|column| {
                                    let known = Known {
                                        kind: column.kind,
                                        not_null: column.not_null && !scope.outer,
                                        computed: false,
                                    };
                                    let name = column.ident.value.to_lowercase();
                                    Output {
                                        name: name.clone(),
                                        known: Some(known),
                                        place: Some((table.clone(), name)),
                                    }
                                })),
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        self.leave();
        self.leave();
        self.common.truncate(common);
        if several {
            outputs.iter_mut().for_each(|output| output.place = None);
        }
        outputs
    }

    fn output(&self, name: String, expr: &Expr) -> Output {
        Output { name, known: self.known(expr), place: self.place(expr) }
    }

    /// What is known of a column by its name and, if it has one, its qualifier.
    fn column(&self, qualifier: Option<&str>, name: &str) -> Option<Known> {
        let mut seen = false;
        for scope in self.open.iter().rev() {
            for (called, relation) in &scope.relations {
                if qualifier.is_some_and(|q| q != called) {
                    continue;
                }
                seen = true;
                let found = match relation {
                    Relation::Table(table) => self.names.column_in(table, name).map(|column| {
                        let not_null = column.not_null && !scope.outer;
                        Some(Known { kind: column.kind, not_null, computed: false })
                    }),
                    Relation::Query(outputs) => {
                        outputs.iter().find(|output| output.name == name).map(|output| output.known)
                    }
                };
                if let Some(found) = found {
                    return found;
                }
            }
        }
        // Outside of any FROM, such as in a CHECK, every column of the name counts.
        if seen {
            None
        } else {
            self.names.any_column(name).map(|kind| Known { kind, not_null: false, computed: false })
        }
    }

    /// What is known of an expression's value.
    pub fn known(&self, expr: &Expr) -> Option<Known> {
        let maybe = |kind| Some(Known { kind, not_null: false, computed: true });
        let never = |kind| Some(Known { kind, not_null: true, computed: true });
        match expr {
            Expr::Identifier(ident) => self.column(None, &ident.value.to_lowercase()),
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [.., qualifier, column] => {
                    self.column(Some(&qualifier.value.to_lowercase()), &column.value.to_lowercase())
                }
                _ => None,
            },
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => self.known(inner),
            Expr::Value(value) => match &value.value {
                Value::Number(number, _) if number.to_string().contains(['.', 'e', 'E']) => never(ValueKind::Number),
                Value::Number(..) => never(ValueKind::Integer),
                Value::Boolean(_) => never(ValueKind::Boolean),
                Value::SingleQuotedString(_) | Value::DoubleQuotedString(_) => never(ValueKind::Text),
                _ => None,
            },
            Expr::Cast { expr, data_type, .. } => Some(Known {
                kind: ValueKind::of(data_type),
                not_null: self.known(expr).is_some_and(|known| known.not_null),
                computed: false,
            }),
            Expr::Convert { data_type: None, .. } => maybe(ValueKind::Text),
            Expr::Convert { data_type: Some(data_type), .. } => maybe(ValueKind::of(data_type)),
            Expr::Extract { .. } => maybe(ValueKind::Number),
            Expr::Position { .. } => maybe(ValueKind::Integer),
            Expr::Ceil { expr, .. } | Expr::Floor { expr, .. } => maybe(match self.kind(expr) {
                Some(ValueKind::Integer | ValueKind::Number) => ValueKind::Number,
                _ => ValueKind::Float,
            }),
            Expr::Substring { .. } | Expr::Trim { .. } | Expr::Overlay { .. } => maybe(ValueKind::Text),
            Expr::Case { conditions, else_result, .. } => {
                let results = conditions.iter().map(|c| &c.result).chain(else_result.as_deref());
                let mut all: Vec<Known> = results.filter_map(|result| self.known(result)).collect();
                let not_null =
                    else_result.is_some() && all.len() == conditions.len() + 1 && all.iter().all(|k| k.not_null);
                all.sort_by_key(|known| match known.kind {
                    ValueKind::Float => 0,
                    ValueKind::Number => 1,
                    _ => 2,
                });
                all.first().map(|first| Known { kind: first.kind, not_null, computed: true })
            }
            Expr::Subquery(query) => {
                let mut inner = self.clone();
                let output = inner.outputs(query).into_iter().next()?;
                output.known.map(|known| Known { not_null: false, ..known })
            }
            Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => {
                self.known(expr).map(|known| Known { computed: true, ..known })
            }
            Expr::BinaryOp { left, op, right } => self.operation(left, op, right),
            Expr::Function(function) => self.function(function),
            other if is_condition(other) => maybe(ValueKind::Boolean),
            _ => None,
        }
    }

    /// Whether the schema says how MySQL compares its columns' texts.
    pub fn knows_collations(&self) -> bool {
        self.names.mysql
    }

    /// The table of the schema that has this name here, or the only one in scope.
    pub fn table_called(&self, qualifier: Option<&str>) -> Option<String> {
        let scope = self.open.iter().rev().find(|scope| match qualifier {
            Some(qualifier) => scope.has(qualifier),
            None => !scope.relations.is_empty(),
        })?;
        match (qualifier, &scope.relations[..]) {
            (Some(qualifier), _) => scope.table_of(qualifier).map(str::to_owned),
            (None, [(_, Relation::Table(table))]) => Some(table.clone()),
            _ => None,
        }
    }

    /// The column of the schema that an expression names, directly or through queries in FROM.
    pub fn declared(&self, expr: &Expr) -> Option<&'n DeclaredColumn> {
        let (table, name) = self.place(expr)?;
        self.names.column_in(&table, &name)
    }

    /// The same as the names of table and column.
    fn place(&self, expr: &Expr) -> Option<(String, String)> {
        let (qualifier, name) = match expr {
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => return self.place(inner),
            Expr::Identifier(ident) => (None, ident.value.to_lowercase()),
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [.., qualifier, name] => (Some(qualifier.value.to_lowercase()), name.value.to_lowercase()),
                _ => return None,
            },
            _ => return None,
        };
        let relations = self.open.iter().rev().flat_map(|scope| &scope.relations);
        relations.filter(|(called, _)| qualifier.as_ref().is_none_or(|q| q == called)).find_map(|(_, relation)| {
            match relation {
                Relation::Table(table) => {
                    self.names.column_in(table, &name).map(|_| Some((table.clone(), name.clone())))
                }
                Relation::Query(outputs) => {
                    outputs.iter().find(|output| output.name == name).map(|output| output.place.clone())
                }
            }
        })?
    }

    /// The kind alone.
    pub fn kind(&self, expr: &Expr) -> Option<ValueKind> {
        self.known(expr).map(|known| known.kind)
    }

    fn operation(&self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<Known> {
        use BinaryOperator::{Divide, Minus, Modulo, Multiply, MyIntegerDivide, Plus, StringConcat};
        let kind = match op {
            // So many of an interval.
            Multiply if [left, right].iter().any(|side| matches!(side, Expr::Interval(_))) => ValueKind::Other,
            StringConcat | BinaryOperator::LongArrow | BinaryOperator::HashLongArrow => ValueKind::Text,
            BinaryOperator::Arrow | BinaryOperator::HashArrow => ValueKind::Other,
            Plus | Minus | Multiply | Divide | Modulo => match (self.kind(left), self.kind(right)) {
                (Some(ValueKind::Date), Some(ValueKind::Date)) => ValueKind::Integer,
                (Some(ValueKind::Date), Some(ValueKind::Integer)) => ValueKind::Date,
                (Some(ValueKind::Date | ValueKind::Timestamp), None | Some(ValueKind::Other)) => ValueKind::Timestamp,
                (Some(ValueKind::Timestamp), _) | (_, Some(ValueKind::Timestamp | ValueKind::Date)) => return None,
                (Some(ValueKind::Integer), Some(ValueKind::Integer)) => ValueKind::Integer,
                (None, None) => return None,
                (Some(ValueKind::Integer | ValueKind::Number), Some(ValueKind::Integer | ValueKind::Number)) => {
                    ValueKind::Number
                }
                _ => ValueKind::Float,
            },
            MyIntegerDivide
            | BinaryOperator::BitwiseAnd
            | BinaryOperator::BitwiseOr
            | BinaryOperator::BitwiseXor
            | BinaryOperator::PGBitwiseXor
            | BinaryOperator::PGBitwiseShiftLeft
            | BinaryOperator::PGBitwiseShiftRight => ValueKind::Integer,
            op if is_comparison(op) || matches!(op, BinaryOperator::And | BinaryOperator::Or) => ValueKind::Boolean,
            _ => return None,
        };
        Some(Known { kind, not_null: false, computed: true })
    }

    fn function(&self, function: &Function) -> Option<Known> {
        let first = || match &function.args {
            FunctionArguments::List(list) => list.args.iter().find_map(|arg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            }),
            _ => None,
        };
        let name = last_part(&function.name);
        let kind = match name.as_str() {
            "count" | "row_number" | "rank" | "dense_rank" | "ntile" => {
                return Some(Known { kind: ValueKind::Integer, not_null: true, computed: true });
            }
            "avg" | "round" | "trunc" | "truncate" | "ceil" | "ceiling" | "floor" => {
                match first().and_then(|argument| self.kind(argument)) {
                    Some(ValueKind::Integer | ValueKind::Number | ValueKind::Boolean) => ValueKind::Number,
                    _ => ValueKind::Float,
                }
            }
            "sum" | "abs" => match first().and_then(|argument| self.kind(argument)) {
                Some(ValueKind::Integer | ValueKind::Boolean) => ValueKind::Integer,
                Some(ValueKind::Number) => ValueKind::Number,
                _ => ValueKind::Float,
            },
            "coalesce" | "ifnull" => {
                let FunctionArguments::List(list) = &function.args else { return None };
                let all: Vec<Known> = list
                    .args
                    .iter()
                    .filter_map(|arg| match arg {
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.known(expr),
                        _ => None,
                    })
                    .collect();
                let not_null = all.iter().any(|known| known.not_null);
                return all.first().map(|first| Known { kind: first.kind, not_null, computed: true });
            }
            "any_value" | "values" | "nullif" | "min" | "max" | "first_value" | "last_value" | "lag" | "lead"
            | "greatest" | "least" => {
                return self.known(first()?).map(|known| Known { not_null: false, computed: true, kind: known.kind });
            }
            "if" | "iif" => {
                let FunctionArguments::List(list) = &function.args else { return None };
                let FunctionArg::Unnamed(FunctionArgExpr::Expr(yes)) = list.args.get(1)? else { return None };
                return self.known(yes).map(|known| Known { not_null: false, computed: true, kind: known.kind });
            }
            other => kind_of_result(other)?,
        };
        Some(Known { kind, not_null: false, computed: true })
    }
}
