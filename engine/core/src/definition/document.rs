//! documents/*.yaml: the fields of a document and their types.

use serde::{Deserialize, Serialize};

use crate::expr::Expr;
use crate::name::{Name, Title};
use crate::value::{Type, Value};

/// A type of document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentType {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: Title,
    /// Its fields in the order of the file.
    pub fields: Vec<Field>,
    /// Fields whose change voids the signatures given (R12).
    pub commercial: Vec<Name>,
}

/// A field of a document, or of a record within one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: Title,
    /// Its type; lists of records have their members in it.
    pub kind: Type,
    /// The value of a field that is not sent.
    pub default: Option<Value>,
    /// The value is computed; a value that is sent must equal it.
    pub computed: Option<Expr>,
    /// Two open or well-ended cases of a chain never share a value.
    pub unique: bool,
    /// Where it is not sent, the engine gives it the number of its case (`C-12`).
    pub numbered: bool,
    /// Members of a record, or of a list's records, that have defaults: (member, value).
    pub member_defaults: Vec<(Name, Value)>,
}
