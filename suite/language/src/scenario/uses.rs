//! Which names a line uses, and which it binds.

use super::ast::{
    Aspect, Check, Cut, Edit, EditBase, Expr, Form, Given, Make, Name, One, Pattern, Piece, Request,
    RequestLine, Rows, Shape, Slot, Span, Spanned, Statement, Taken, Template, Text,
};

/// A name, and where it is used.
pub(super) type Use<'s> = (&'s Name, Span);

/// The names that a statement uses itself: those of its block are not among them.
pub(super) fn uses<'s>(statement: &'s Spanned<Statement>) -> Vec<Use<'s>> {
    let mut uses = Uses { found: Vec::new() };
    uses.statement(&statement.value);
    uses.found
}

/// The names that a cell uses.
pub(super) fn uses_of_cell(cell: &Text) -> Vec<Use<'_>> {
    let mut uses = Uses { found: Vec::new() };
    uses.text(cell);
    uses.found
}

/// The names that a statement binds for those after it.
pub(super) fn bound(statement: &Statement) -> Option<&Spanned<Name>> {
    match statement {
        Statement::Let(binding) => Some(&binding.name),
        Statement::Given(Given::Any(_, name)) => Some(name),
        _ => None,
    }
}

/// The columns that a block binds for the lines in it.
pub(super) fn columns(statement: &Statement) -> &[Spanned<Name>] {
    match statement {
        Statement::For(Rows::Table { columns, .. }, _) => columns,
        Statement::For(Rows::Each { column, .. }, _) => std::slice::from_ref(column),
        _ => &[],
    }
}

/// Whether a value is taken from the last answer.
pub(super) fn is_taken(statement: &Statement) -> bool {
    matches!(statement, Statement::Let(binding) if matches!(binding.value.value, Expr::Taken(_)))
}

/// Collects uses.
struct Uses<'s> {
    found: Vec<Use<'s>>,
}

impl<'s> Uses<'s> {
    fn name(&mut self, name: &'s Spanned<Name>) {
        self.found.push((&name.value, name.span.clone()));
    }

    fn names(&mut self, names: impl IntoIterator<Item = &'s Spanned<Name>>) {
        names.into_iter().for_each(|name| self.name(name));
    }

    fn template(&mut self, template: &'s Template) {
        for piece in &template.0 {
            if let Piece::Hole(reference) = piece {
                self.found.push((&reference.value.name, reference.span.clone()));
            }
        }
    }

    fn templates(&mut self, templates: impl IntoIterator<Item = &'s Template>) {
        templates.into_iter().for_each(|template| self.template(template));
    }

    fn slot<T>(&mut self, slot: &'s Slot<T>, span: &Span) {
        if let Slot::Column(name) = slot {
            self.found.push((name, span.clone()));
        }
    }

    fn statement(&mut self, statement: &'s Statement) {
        match statement {
            Statement::Given(given) => self.given(given),
            Statement::Let(binding) => self.expr(&binding.value.value),
            Statement::Request(request) => self.request(request),
            Statement::Level(asked) => self.slot(&asked.id.value, &asked.id.span),
            Statement::Check(check) | Statement::When(check, _) => self.check(check),
            Statement::For(rows, _) => self.rows(rows),
            Statement::Blank
            | Statement::Comment(_)
            | Statement::Needs(_)
            | Statement::Provides(_)
            | Statement::Step(_)
            | Statement::Together(..) => {}
        }
    }

    fn given(&mut self, given: &'s Given) {
        if let Given::Pushed(pushed) = given {
            self.names(&pushed.what);
            self.templates(&pushed.tags);
            self.templates(&pushed.to);
        }
    }

    fn rows(&mut self, rows: &'s Rows) {
        match rows {
            Rows::Each { of, .. } => self.names(of),
            Rows::Table { rows, .. } => {
                rows.iter()
                    .flat_map(|row| &row.value)
                    .for_each(|cell| self.text(cell));
            }
        }
    }

    fn expr(&mut self, expr: &'s Expr) {
        match expr {
            Expr::Make(make) => self.make(make),
            Expr::Cut(cut, whole) => {
                self.name(whole);
                if let Cut::After(part) = cut {
                    self.name(part);
                }
            }
            Expr::Spoiled(source, edits) => {
                match source {
                    EditBase::Name(name) => self.name(name),
                    EditBase::Make(make) => self.make(make),
                }
                edits.iter().for_each(|edit| self.edit(&edit.value));
            }
            Expr::Taken(Taken::Json(path)) | Expr::Token(path) => self.template(path),
            Expr::Taken(Taken::Header(_) | Taken::Challenge(..) | Taken::Answer) => {}
        }
    }

    fn edit(&mut self, edit: &'s Edit) {
        match edit {
            Edit::Set(path, json) => self.templates([path, json]),
            Edit::Remove(path) => self.template(path),
            Edit::AnotherUuid => {}
        }
    }

    fn make(&mut self, make: &'s Make) {
        match make {
            Make::Index(members, shape) | Make::DockerList(members, shape) => {
                self.names(members);
                self.shape(shape);
            }
            Make::Image(shape) | Make::DockerImage(shape) | Make::Text(_, shape) | Make::File(_, shape) => {
                self.shape(shape);
            }
            Make::Signed(name, tag, shape) => {
                self.templates([name, tag]);
                self.shape(shape);
            }
            Make::Many(_, make) => self.make(make),
            Make::Times(_, name) => self.name(name),
            Make::Random(_) | Make::Empty | Make::EmptyJson | Make::Archive | Make::Tags(_) => {}
        }
    }

    fn shape(&mut self, shape: &'s Shape) {
        self.templates(&shape.kind);
        self.names(&shape.subject);
        self.names(shape.layers.iter().flatten());
        self.names(&shape.config);
        self.templates(&shape.config_type);
    }

    fn request(&mut self, request: &'s Request) {
        match &request.line.value {
            RequestLine::Http {
                method,
                target,
                query,
            } => {
                self.slot(method, &request.line.span);
                self.template(target);
                self.templates(query);
            }
            RequestLine::Upload { what, way, query } => {
                self.name(what);
                self.slot(way, &request.line.span);
                self.templates(query);
            }
        }
        self.templates(
            request
                .headers
                .iter()
                .filter_map(|header| header.value.value.as_ref()),
        );
        self.names(&request.body);
    }

    fn check(&mut self, check: &'s Check) {
        match &check.aspect.value {
            Aspect::Header(_, pattern) | Aspect::Challenge(_, _, pattern) => self.pattern(pattern),
            Aspect::Json(path, pattern) => {
                self.template(path);
                self.pattern(pattern);
            }
            Aspect::Content(name) | Aspect::SameAs(_, name) => self.name(name),
            Aspect::Status(_) | Aspect::Error(_) | Aspect::NoBody | Aspect::SignedManifest => {}
        }
    }

    fn pattern(&mut self, pattern: &'s Pattern) {
        for one in &pattern.any_of {
            match one {
                One::Is(text) | One::IsNot(text) | One::Has(text) => self.text(text),
                One::List(texts, _) => texts.iter().for_each(|text| self.text(text)),
                One::Form(Form::DigestOf(name)) => self.name(name),
                One::Form(Form::Plain(_)) | One::Present | One::Absent | One::Times(_) | One::AtMost(..) => {}
            }
        }
    }

    fn text(&mut self, text: &'s Text) {
        match text {
            Text::Plain(template) | Text::Exact(template) => self.template(template),
        }
    }
}
