//! One thing that the API does: where, who answers, and how the reference describes it. Route and description are made
//! together, so that neither exists without the other.

use super::App;
use super::fhir;
use super::problem::{Code, Problem};
use amanah_fhir::capability::{CONTENT_TYPE, Interaction, Parameter as SearchParameter, Served};
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::routing::{self, MethodRouter};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::path::{HttpMethod, Operation as Description, OperationBuilder, Parameter, ParameterBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOf, Ref, Schema, SchemaFormat, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, ContentBuilder, RefOr, Required};

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// Anybody.
    Anybody,
    /// A signed-in wallet.
    Wallet,
    /// A system of this hospital.
    Hospital,
    /// A follower of this hospital.
    Follower,
}

impl Caller {
    /// The name of its way in, as the reference calls it.
    pub(super) const fn scheme(self) -> Option<&'static str> {
        match self {
            Self::Anybody => None,
            Self::Wallet => Some("session"),
            Self::Hospital => Some("api_key"),
            Self::Follower => Some("follower_key"),
        }
    }
}

/// In which words an operation refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    /// Problems (RFC 9457).
    Problems,
    /// OperationOutcomes.
    Fhir,
}

/// One operation of a node whose handlers stand on `S`.
pub(super) struct Operation<S = Arc<App>> {
    pub(super) path: &'static str,
    pub(super) method: HttpMethod,
    pub(super) answers_with: MethodRouter<S>,
    id: &'static str,
    summary: &'static str,
    caller: Caller,
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
    answer: (StatusCode, Response),
    problems: BTreeSet<Code>,
    schemas: Vec<(String, RefOr<Schema>)>,
    events: Vec<(&'static str, RefOr<Schema>)>,
    language: Language,
    interaction: Option<Interaction>,
    search: Vec<(&'static str, SearchParameter)>,
}

impl<S: Clone + Send + Sync + 'static> Operation<S> {
    /// `GET path`. `id` is its name in programs.
    pub(super) fn get<T, H>(path: &'static str, id: &'static str, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        Self::new(HttpMethod::Get, path, id, routing::get(handler))
    }

    /// `POST path`.
    pub(super) fn post<T, H>(path: &'static str, id: &'static str, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        Self::new(HttpMethod::Post, path, id, routing::post(handler))
    }

    fn new(method: HttpMethod, path: &'static str, id: &'static str, answers_with: MethodRouter<S>) -> Self {
        // What any request may meet: too many of them, no room, no time.
        let problems = BTreeSet::from([Code::TooMany, Code::Busy, Code::TimedOut]);
        Self {
            path,
            method,
            answers_with,
            id,
            summary: "",
            caller: Caller::Anybody,
            parameters: Vec::new(),
            body: None,
            answer: (StatusCode::OK, Response::new("")),
            problems,
            schemas: Vec::new(),
            events: Vec::new(),
            language: Language::Problems,
            interaction: None,
            search: Vec::new(),
        }
    }

    /// What it does, in one sentence.
    pub(super) fn says(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// Who may ask.
    pub(super) fn by(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self.problems.extend(match caller {
            Caller::Anybody => None,
            Caller::Wallet => Some(Code::SignIn),
            Caller::Hospital | Caller::Follower => Some(Code::ApiKey),
        });
        self
    }

    /// It speaks FHIR, and is this to whoever reads the node's CapabilityStatement.
    pub(super) fn in_fhir(mut self, interaction: Option<Interaction>) -> Self {
        self.language = Language::Fhir;
        self.interaction = interaction;
        self
    }

    /// A search parameter.
    pub(super) fn searches(mut self, name: &'static str, kind: SearchParameter, description: &'static str) -> Self {
        self.search.push((name, kind));
        self.asks(name, description, ObjectBuilder::new().schema_type(Type::String))
    }

    /// What of FHIR it serves.
    pub(super) fn served_fhir(&self) -> Option<Served> {
        Some(Served { interaction: self.interaction?, parameters: self.search.clone() })
    }

    /// It asks the custodian, whose store may have failed.
    pub(super) fn acts(mut self) -> Self {
        self.problems.insert(Code::Stopped);
        self
    }

    /// It adds to what is on disk.
    pub(super) fn writes(mut self) -> Self {
        self.problems.insert(Code::DiskLow);
        self.acts()
    }

    /// It writes down when it was done.
    pub(super) fn dates(mut self) -> Self {
        self.problems.insert(Code::ClockUnconfirmed);
        self.acts()
    }

    /// A part of the path.
    pub(super) fn at(mut self, name: &'static str, description: &'static str, schema: ObjectBuilder) -> Self {
        self.parameters.push(parameter(ParameterIn::Path, name, description, schema));
        self
    }

    /// A part of the query that may be left out.
    pub(super) fn asks(mut self, name: &'static str, description: &'static str, schema: ObjectBuilder) -> Self {
        self.problems.insert(Code::QueryNotUnderstood);
        self.parameters.push(parameter(ParameterIn::Query, name, description, schema));
        self
    }

    /// A part of the query that must be there.
    pub(super) fn needs(self, name: &'static str, description: &'static str, schema: ObjectBuilder) -> Self {
        let mut asks = self.asks(name, description, schema);
        if let Some(parameter) = asks.parameters.last_mut() {
            parameter.required = Required::True;
        }
        asks
    }

    /// A header field that may be sent.
    pub(super) fn minds(mut self, name: &'static str, description: &'static str, schema: ObjectBuilder) -> Self {
        self.parameters.push(parameter(ParameterIn::Header, name, description, schema));
        self
    }

    /// Its body is JSON, for example this.
    pub(super) fn takes_json<T: ToSchema>(self, example: serde_json::Value) -> Self {
        let content = Content::builder().schema(Some(named::<T>())).example(Some(example)).build();
        self.schema::<T>().takes("application/json", content, "")
    }

    /// Its body is canonical bytes of the ledger's type of this name.
    pub(super) fn takes_canonical(self, of: &'static str, bytes_max: usize) -> Self {
        let description = format!("Canonical bytes of a {of}, at most {bytes_max}.");
        self.takes("application/octet-stream", bytes(bytes_max), description)
    }

    /// Its body is a JSON object that another standard describes.
    pub(super) fn takes_object(self, description: &'static str, content_type: &'static str) -> Self {
        self.takes(content_type, Content::builder().schema(Some(ObjectBuilder::new())).build(), description)
    }

    fn takes(mut self, content_type: &str, content: Content, description: impl Into<String>) -> Self {
        let body = RequestBodyBuilder::new().content(content_type, content).required(Some(Required::True));
        let description: String = description.into();
        self.body = Some(body.description((!description.is_empty()).then_some(description)).build());
        self.problems.extend([Code::BodyNotUnderstood, Code::BodyTooLong]);
        self
    }

    /// It answers with JSON, for example this.
    pub(super) fn answers_json<T: ToSchema>(self, description: &'static str, example: serde_json::Value) -> Self {
        let content = Content::builder().schema(Some(named::<T>())).example(Some(example)).build();
        self.schema::<T>().answers(StatusCode::OK, description, "application/json", content)
    }

    /// It answers with canonical bytes of the ledger's type of this name.
    pub(super) fn answers_canonical(self, status: StatusCode, of: &'static str) -> Self {
        let description = format!("Canonical bytes of a {of}.");
        self.answers(status, &description, "application/octet-stream", bytes(usize::MAX))
    }

    /// It answers with a JSON object that another standard describes.
    pub(super) fn answers_object(self, description: &'static str) -> Self {
        let content = Content::builder().schema(Some(ObjectBuilder::new())).build();
        self.answers(StatusCode::OK, description, "application/json", content)
    }

    /// It answers with a resource of FHIR R4.
    pub(super) fn answers_fhir(self, description: &'static str) -> Self {
        self.answers(StatusCode::OK, description, CONTENT_TYPE, Content::builder().schema(Some(resource())).build())
    }

    /// It makes a resource of FHIR R4 and answers with it.
    pub(super) fn creates_fhir(self, description: &'static str) -> Self {
        self.answers(
            StatusCode::CREATED,
            description,
            CONTENT_TYPE,
            Content::builder().schema(Some(resource())).build(),
        )
    }

    /// It answers with text of this kind.
    pub(super) fn answers_text(self, description: &'static str, content_type: &'static str) -> Self {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        self.answers(StatusCode::OK, description, content_type, Content::builder().schema(Some(schema)).build())
    }

    /// One of its events, with what it tells.
    pub(super) fn tells<T: ToSchema>(mut self, event: &'static str) -> Self {
        self.events.push((event, named::<T>()));
        self.schema::<T>()
    }

    /// It answers with the events that it tells (server-sent events), whose ids are written like this.
    pub(super) fn answers_events(mut self, description: &'static str, id: &'static str) -> Self {
        let mut any = OneOf::new();
        any.items = self.events.drain(..).map(|(name, data)| event(name, data, id)).collect();
        // The schema of a stream is that of one event of it.
        let content = Content::builder().schema(Some(Schema::OneOf(any))).build();
        self.answers(StatusCode::OK, description, "text/event-stream", content)
    }

    fn answers(mut self, status: StatusCode, description: &str, content_type: &str, content: Content) -> Self {
        let answer = ResponseBuilder::new().description(description).content(content_type, content);
        self.answer = (status, answer.build());
        self
    }

    /// What else may be wrong.
    pub(super) fn refuses(mut self, problems: impl IntoIterator<Item = Code>) -> Self {
        self.problems.extend(problems);
        self
    }

    fn schema<T: ToSchema>(mut self) -> Self {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        self
    }

    /// The schemas that its description refers to.
    pub(super) fn schemas(&self) -> impl Iterator<Item = &(String, RefOr<Schema>)> {
        self.schemas.iter()
    }

    /// Everything that it may refuse a request with.
    #[cfg(test)]
    pub(super) fn problems(&self) -> &BTreeSet<Code> {
        &self.problems
    }

    /// How the reference describes it.
    pub(super) fn description(&self) -> Description {
        let (status, answer) = &self.answer;
        let mut description = OperationBuilder::new()
            .operation_id(Some(self.id))
            .summary(Some(self.summary))
            .response(status.as_str(), answer.clone())
            .request_body(self.body.clone());
        for parameter in &self.parameters {
            description = description.parameter(parameter.clone());
        }
        for (status, codes) in self.problems_by_status() {
            description = description.response(status.to_string(), refusal(&codes, self.language));
        }
        if let Some(scheme) = self.caller.scheme() {
            description = description.security(SecurityRequirement::new::<_, [&str; 0], &str>(scheme, []));
        }
        description.build()
    }

    fn problems_by_status(&self) -> BTreeMap<u16, Vec<Code>> {
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in &self.problems {
            by_status.entry(code.status().as_u16()).or_default().push(*code);
        }
        by_status
    }
}

fn parameter(place: ParameterIn, name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(required);
    parameter.description(Some(description)).schema(Some(schema)).build()
}

fn named<T: ToSchema>() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(T::name()))
}

/// An event as its listener reads it: text, which holds JSON.
fn event(name: &'static str, data: RefOr<Schema>, id: &'static str) -> RefOr<Schema> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let data = text().content_media_type("application/json").content_schema(Some(data));
    let event = ObjectBuilder::new()
        .property("id", text().pattern(Some(id)))
        .property("event", text().enum_values(Some([name])))
        .property("data", data);
    event.required("id").required("event").required("data").into()
}

fn bytes(max: usize) -> Content {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
        .max_length((max < usize::MAX).then_some(max));
    ContentBuilder::new().schema(Some(schema)).build()
}

/// The answer to a request that meets one of these problems, which share a status.
fn refusal(codes: &[Code], language: Language) -> Response {
    let lines: Vec<String> = codes.iter().map(|code| format!("{}: {}", code.name(), code.title())).collect();
    let example = codes.first().map(|code| Problem::from(*code));
    let (kind, content) = match language {
        Language::Problems => {
            let schema = Ref::from_schema_name("Problem");
            ("application/problem+json", Content::builder().schema(Some(schema)).example(example.map(Problem::json)))
        }
        Language::Fhir => {
            let example = example.map(|problem| fhir::said(&problem));
            (CONTENT_TYPE, Content::builder().schema(Some(resource())).example(example))
        }
    };
    ResponseBuilder::new().description(lines.join("; ")).content(kind, content.build()).build()
}

/// Any resource; what it holds, another standard describes.
fn resource() -> ObjectBuilder {
    ObjectBuilder::new()
        .property("resourceType", ObjectBuilder::new().schema_type(Type::String))
        .required("resourceType")
}
