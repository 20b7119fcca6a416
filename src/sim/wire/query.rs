//! The awsQuery protocol as RDS and STS speak it: form parameters in, an XML envelope out.

use std::collections::BTreeMap;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::xml::Xml;
use super::{ApiError, Request, Response};

/// The parameters of one call: flat names such as `Filters.Filter.1.Name`, each with one value.
#[derive(Debug, Clone, Default)]
pub struct Params {
    values: BTreeMap<String, String>,
}

impl Params {
    /// Reads the form in the body, and the query string for those who call with `GET`. Of a name sent twice the last
    /// value counts.
    pub fn read(request: &Request) -> Self {
        let query = request.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(&request.body));
        Self { values: pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect() }
    }

    /// The value of a parameter; one that was sent empty counts as absent, as it does at AWS.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Every name that was sent.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// A value that must be there.
    ///
    /// # Errors
    /// `MissingParameter` when it is not.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| {
            ApiError::sender("MissingParameter", format!("The request must contain the parameter {name}"))
        })
    }

    /// A value of any type that reads from text, such as a number or an instant. `what` names it in the error.
    ///
    /// # Errors
    /// `MalformedInput` when the text is not of that type.
    pub fn parsed<T: std::str::FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            ApiError::sender("MalformedInput", format!("The value '{text}' of the parameter {name} is not {what}"))
        })
    }

    /// `true` or `false` in any case; absent is `None`.
    ///
    /// # Errors
    /// `MalformedInput` for anything else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => {
                let message = format!("The value '{other}' of the parameter {name} is neither true nor false");
                Err(ApiError::sender("MalformedInput", message))
            }
        }
    }

    /// A list sent as `prefix.1`, `prefix.2` and so on, up to the first number that is missing.
    pub fn list(&self, prefix: &str) -> Vec<&str> {
        (1..).map_while(|index| self.get(&format!("{prefix}.{index}"))).collect()
    }

    /// RDS's `Filters`: each a name and the values that pass.
    pub fn filters(&self) -> Vec<(&str, Vec<&str>)> {
        let filter = |index: usize| {
            let name = self.get(&format!("Filters.Filter.{index}.Name"))?;
            Some((name, self.list(&format!("Filters.Filter.{index}.Values.Value"))))
        };
        (1..).map_while(filter).collect()
    }

    /// RDS's `Tags`, 50 at the most: key and value.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let one = |index: usize| {
            let key = self.get(&format!("Tags.Tag.{index}.Key"))?;
            Some((key.to_owned(), self.get(&format!("Tags.Tag.{index}.Value")).unwrap_or_default().to_owned()))
        };
        (1..=50).map_while(one).collect()
    }
}

impl ApiError {
    /// An error that is the caller's fault, with status 400.
    pub fn sender(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), status: 400, message: message.into() }
    }
}

/// Runs an operation and wraps what it writes as the answer to `action`, or its error as AWS's error document.
pub fn respond(
    namespace: &str,
    action: &str,
    request_id: &str,
    operation: impl FnOnce(&mut Xml) -> Result<(), ApiError>,
) -> Response {
    // On an error the document is thrown away, so an action that is no XML name never gets out.
    let mut xml = Xml::default();
    let done = xml.nest_in(&format!("{action}Response"), namespace, |xml| {
        xml.nest(&format!("{action}Result"), operation)?;
        xml.nest("ResponseMetadata", |xml| xml.text("RequestId", request_id));
        Ok(())
    });
    match done {
        Ok(()) => answer(http::StatusCode::OK, request_id, xml),
        Err(error) => refuse(namespace, request_id, &error),
    }
}

/// The answer that states an error.
pub fn refuse(namespace: &str, request_id: &str, error: &ApiError) -> Response {
    let mut xml = Xml::default();
    xml.nest_in("ErrorResponse", namespace, |xml| {
        xml.nest("Error", |xml| {
            xml.text("Type", if error.status < 500 { "Sender" } else { "Receiver" });
            xml.text("Code", &error.code);
            xml.text("Message", &error.message);
        });
        xml.text("RequestId", request_id);
    });
    let status = http::StatusCode::from_u16(error.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    answer(status, request_id, xml)
}

/// The error for an action, or a version, that a service does not know.
pub fn unknown_action(params: &Params, version: &str) -> ApiError {
    let action = params.get("Action").unwrap_or_default();
    let asked = params.get("Version").unwrap_or(version);
    ApiError::sender("InvalidAction", format!("Could not find operation {action} for version {asked}"))
}

fn answer(status: http::StatusCode, request_id: &str, xml: Xml) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    Response { status, headers, body: xml.finish() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(form: &'static str) -> Params {
        let (method, uri) = (http::Method::POST, http::Uri::from_static("/"));
        Params::read(&Request { method, uri, headers: HeaderMap::new(), body: form.into() })
    }

    #[test]
    fn lists_and_filters_are_read_in_order() {
        let form = "Filters.Filter.1.Name=engine&Filters.Filter.1.Values.Value.1=postgres\
                    &Filters.Filter.1.Values.Value.2=my%20sql&EventCategories.EventCategory.1=failover&Empty=";
        let params = params(form);
        assert_eq!(params.filters(), vec![("engine", vec!["postgres", "my sql"])]);
        assert_eq!(params.list("EventCategories.EventCategory"), vec!["failover"]);
        assert_eq!(params.get("Empty"), None);
    }

    #[test]
    fn wrong_values_are_refused_with_the_name_of_the_parameter() {
        let params = params("MaxRecords=many&ApplyImmediately=perhaps&Other=TRUE");
        assert!(params.parsed::<u32>("MaxRecords", "a number").unwrap_err().message.contains("MaxRecords"));
        assert!(params.flag("ApplyImmediately").is_err());
        assert_eq!(params.flag("Other").unwrap(), Some(true));
        assert_eq!(params.required("Engine").unwrap_err().code, "MissingParameter");
    }
}
