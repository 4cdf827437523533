//! A file of cases/ into cases: what is given, examples filled in, sentences and expectations read.

use std::cell::{Cell, RefCell};

use countersign_chain::tree::{self, Pair, Shape, Span, Tree};
use countersign_chain::{Diagnostic, SourceFile};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;

use crate::apply::Applied;
use crate::case::{CaseFile, Earlier, Step, Trial};
use crate::codes;
use crate::company::Company;
use crate::{accounts, expect, sentence};

/// The most cases of one file, examples counted one by one.
const CASES_MAX: usize = 2_000;
/// The most sentences of one case.
const SENTENCES_MAX: usize = 2_000;

/// What is read, and what was found wrong with it.
pub(crate) struct Reader<'a> {
    pub(crate) company: &'a Company,
    /// The chain that the file is about.
    pub(crate) chain: Name,
    file: &'a SourceFile,
    found: RefCell<Vec<Diagnostic>>,
    jumps: Cell<u32>,
    /// The rules as the sentences before have changed them within the case.
    applied: RefCell<Option<Applied>>,
}

/// Reads a file of cases/. None: nothing of it can be used. Cases with a mistake in them are left out.
pub fn read(file: &SourceFile, company: &Company) -> (Option<CaseFile>, Vec<Diagnostic>) {
    let (root, mut found) = tree::read(file);
    let Some(root) = root else { return (None, found) };
    let mut reader = Reader {
        company,
        chain: Name::default(),
        file,
        found: RefCell::default(),
        jumps: Cell::new(0),
        applied: RefCell::default(),
    };
    let cases = reader.file(&root);
    found.extend(reader.found.into_inner());
    (cases, found)
}

impl Reader<'_> {
    /// Notes a mistake.
    pub(crate) fn error(
        &self,
        at: Span,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.found.borrow_mut().extend(tree::error(self.file, at, code, (message, help)));
    }

    /// Notes a name that nothing has.
    pub(crate) fn unknown<'n>(
        &self,
        at: Span,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let message = format!("there is no {what} `{name}`");
        self.error(at, codes::UNKNOWN_NAME, message, tree::nearest(name, known));
    }

    /// Acts on the organisation.
    pub(crate) fn acts(&self, value: &Tree) -> Option<Vec<countersign_core::command::OrgAct>> {
        let (acts, found) = countersign_chain::acts::within(self.file, value);
        self.found.borrow_mut().extend(found);
        acts
    }

    /// A number that no other jump of the file has.
    pub(crate) fn next_jump(&self) -> Name {
        self.jumps.set(self.jumps.get() + 1);
        Name::from(format!("trial-{}", self.jumps.get()))
    }

    /// The rules as the sentences before have changed them.
    pub(crate) fn rules(&self) -> Applied {
        let applied = self.applied.borrow().clone();
        applied.unwrap_or_else(|| Applied {
            files: self.company.files.clone(),
            definitions: self.company.definitions.clone(),
        })
    }

    /// Sentences that follow find the rules so.
    pub(crate) fn changed(&self, rules: Applied) {
        self.applied.replace(Some(rules));
    }

    pub(crate) fn line(&self, at: Span) -> u32 {
        tree::line(self.file, at)
    }

    fn file(&mut self, root: &Tree) -> Option<CaseFile> {
        self.keys(root, "a case file", &["chain", "given", "cases"])?;
        let Some(node) = root.get("chain") else {
            self.error(
                root.span,
                codes::MISSING_KEY,
                "a case file needs the key `chain`",
                "add `chain: ...`",
            );
            return None;
        };
        let chain = self.text(node, "the chain")?;
        if !self.company.chains.contains_key(chain) {
            self.unknown(node.span, "chain", chain, self.company.chains.keys().map(Name::as_str));
            return None;
        }
        self.chain = Name::from(chain);
        let mut cases = Vec::new();
        let Some(list) = root.get("cases") else {
            self.error(root.span, codes::MISSING_KEY, "a case file needs the key `cases`", "add `cases:`");
            return None;
        };
        for node in self.list(list, "cases") {
            cases.extend(self.examples(root.get("given"), node));
            if cases.len() > CASES_MAX {
                let message = format!("more than {CASES_MAX} cases in one file");
                self.error(node.span, codes::TOO_LARGE, message, "split it");
                return None;
            }
        }
        Some(CaseFile { path: self.file.path.clone(), chain: self.chain.clone(), cases })
    }

    /// The case, once for each row of its examples.
    fn examples(&self, given: Option<&Tree>, node: &Tree) -> Vec<Trial> {
        let known = ["name", "at", "given", "examples", "when", "then"];
        if self.keys(node, "a case", &known).is_none() {
            return Vec::new();
        }
        let Some(examples) = node.get("examples") else {
            return self.case(given, node, "").into_iter().collect();
        };
        let mut cases = Vec::new();
        for (number, row) in self.list(examples, "examples").iter().enumerate() {
            if self.mapping(row, "an example").is_none() {
                continue;
            }
            let given = given.map(|given| filled(given, row.pairs()));
            let name = node.get("name").and_then(Tree::text).unwrap_or_default();
            // Cases of one name could not be told apart.
            let suffix =
                if name.contains('$') { String::new() } else { format!(" (example {})", number + 1) };
            let pairs = node.pairs().iter().filter(|pair| pair.key != "examples").cloned().collect();
            let node = Tree { span: row.span, shape: Shape::Map(pairs) };
            cases.extend(self.case(given.as_ref(), &filled(&node, row.pairs()), &suffix));
        }
        cases
    }

    fn case(&self, given: Option<&Tree>, node: &Tree, suffix: &str) -> Option<Trial> {
        let before = self.found.borrow().len();
        self.applied.replace(None);
        self.left_over(node);
        let need = |key: &str| {
            let found = node.get(key);
            if found.is_none() {
                let message = format!("a case needs the key `{key}`");
                self.error(node.span, codes::MISSING_KEY, message, format!("add `{key}: ...`"));
            }
            found
        };
        let name = need("name").and_then(|n| self.text(n, "the name"));
        let at = need("at").and_then(|n| self.time(n));
        let mut trial = Trial {
            name: format!("{}{suffix}", name.unwrap_or_default()),
            line: self.line(node.span),
            chain: self.chain.clone(),
            at: at.unwrap_or_default(),
            base: Vec::new(),
            earlier: Vec::new(),
            accounts: Vec::new(),
            when: Vec::new(),
        };
        for given in given.into_iter().chain(node.get("given")) {
            self.given(given, &mut trial);
        }
        for item in need("when").map(|n| self.list(n, "when")).unwrap_or_default() {
            trial.when.extend(sentence::step(self, item));
        }
        if trial.when.len() > SENTENCES_MAX {
            let message = format!("more than {SENTENCES_MAX} sentences in one case");
            self.error(node.span, codes::TOO_LARGE, message, "split it");
        }
        if let Some(then) = need("then") {
            trial.when.extend(expect::read(self, then).map(Step::Then));
        }
        (self.found.borrow().len() == before).then_some(trial)
    }

    /// Names of examples that no row has.
    fn left_over(&self, node: &Tree) {
        let name = |text: &str| {
            let rest = text.split_once('$')?.1;
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            name.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(name)
        };
        let report = |at: Span, name: String| {
            let message = format!("there is no example value `${name}`");
            let help = format!("give `{name}` in every row of `examples`");
            self.error(at, codes::UNKNOWN_NAME, message, help);
        };
        match &node.shape {
            Shape::Scalar { text, .. } => {
                if let Some(name) = name(text) {
                    report(node.span, name);
                }
            }
            Shape::List(items) => items.iter().for_each(|item| self.left_over(item)),
            Shape::Map(pairs) => pairs.iter().for_each(|pair| {
                if let Some(name) = name(&pair.key) {
                    report(pair.at, name);
                }
                self.left_over(&pair.value);
            }),
            Shape::Bad => {}
        }
    }

    fn given(&self, node: &Tree, trial: &mut Trial) {
        if self.keys(node, "what is given", &["document", "cases", "accounts"]).is_none() {
            return;
        }
        if let Some(accounts) = node.get("accounts") {
            for pair in self.mapping(accounts, "how accounts stand").unwrap_or_default() {
                trial.accounts.extend(accounts::given(self, pair));
            }
        }
        if let Some(document) = node.get("document") {
            let pairs = self.mapping(document, "a document").unwrap_or_default();
            self.fields_of(&self.chain, pairs);
            overlay(&mut trial.base, pairs);
        }
        for item in node.get("cases").map(|n| self.list(n, "earlier cases")).unwrap_or_default() {
            trial.earlier.extend(self.earlier(item));
        }
    }

    fn earlier(&self, item: &Tree) -> Option<Earlier> {
        let (text, at, value) = sentence::parts(self, item)?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let (chain, key, place) = match words.as_slice() {
            [chain, "is", place] => (*chain, None, *place),
            [chain, key, "is", place] => (*chain, Some(Name::from(*key)), *place),
            _ => {
                let help = "write `CHAIN KEY is STATE`, such as `order-evaluation SO-1 is passed`";
                self.error(at, codes::BAD_SENTENCE, "this names no case and where it stands", help);
                return None;
            }
        };
        let chain = sentence::chain(self, chain, at)?;
        let fields = match value {
            Some(value) => self.mapping(value, "what an earlier case knows")?.to_vec(),
            None => Vec::new(),
        };
        let jump = sentence::jump(self, &chain, place, (at, &[]))?;
        for pair in &fields {
            let facts = self.company.chains.get(&chain).map_or(&[][..], |chain| chain.facts.as_slice());
            if !facts.iter().any(|fact| fact.name == *pair.key.as_str()) {
                self.fields_of(&chain, std::slice::from_ref(pair));
            }
        }
        Some(Earlier { chain, key, fields, jump, line: self.line(at), text: text.to_owned() })
    }

    /// Whether the document of a chain has these fields; what it does not have is reported.
    pub(crate) fn fields_of(&self, chain: &str, pairs: &[Pair]) {
        let document = self.company.chains.get(chain).map(|chain| chain.document.clone());
        let Some(document) = document.and_then(|name| self.company.documents.get(&name)) else { return };
        for pair in pairs {
            if !document.fields.iter().any(|field| field.name == *pair.key.as_str()) {
                let message = format!("the document {} has no field `{}`", document.name, pair.key);
                let known = document.fields.iter().map(|field| field.name.as_str());
                self.error(pair.at, codes::UNKNOWN_FIELD, message, tree::nearest(&pair.key, known));
            }
        }
    }

    /// The keys and values of a mapping.
    pub(crate) fn mapping<'t>(&self, node: &'t Tree, what: &str) -> Option<&'t [Pair]> {
        match &node.shape {
            Shape::Map(pairs) => Some(pairs),
            Shape::Bad => None,
            _ => {
                let message = format!("{what} is written as `key: value`");
                self.error(node.span, codes::WRONG_SHAPE, message, "write `key: value`, one a line");
                None
            }
        }
    }

    /// A mapping with these keys and no others.
    pub(crate) fn keys<'t>(&self, node: &'t Tree, what: &str, known: &[&str]) -> Option<&'t [Pair]> {
        let pairs = self.mapping(node, what)?;
        for pair in pairs.iter().filter(|pair| !known.contains(&pair.key.as_str())) {
            let message = format!("`{}` is no key of {what}", pair.key);
            let help = tree::nearest(&pair.key, known.iter().copied());
            self.error(pair.at, codes::UNKNOWN_KEY, message, help);
        }
        Some(pairs)
    }

    pub(crate) fn list<'t>(&self, node: &'t Tree, what: &str) -> &'t [Tree] {
        if !matches!(node.shape, Shape::List(_) | Shape::Bad) {
            let help = "write `- ...`, one a line, or `[a, b]`";
            self.error(node.span, codes::WRONG_SHAPE, format!("{what} is a list"), help);
        }
        node.items()
    }

    pub(crate) fn text<'t>(&self, node: &'t Tree, what: &str) -> Option<&'t str> {
        if node.text().is_none() && node.shape != Shape::Bad {
            let help = format!("write one value for {what}");
            self.error(node.span, codes::WRONG_SHAPE, format!("{what} is a single value"), help);
        }
        node.text()
    }

    pub(crate) fn time(&self, node: &Tree) -> Option<Timestamp> {
        let text = self.text(node, "a time")?;
        let time = Timestamp::parse(text);
        if time.is_none() {
            let help = "write it like \"2025-04-21T09:00+08:00\"";
            let message = format!("`{text}` is no time with its offset");
            self.error(node.span, codes::BAD_VALUE, message, help);
        }
        time
    }
}

/// What is named differently takes the place of what was given before.
pub(crate) fn overlay(base: &mut Vec<Pair>, over: &[Pair]) {
    for pair in over {
        match base.iter_mut().find(|known| known.key == pair.key) {
            Some(known) => known.value = pair.value.clone(),
            None => base.push(pair.clone()),
        }
    }
}

/// The tree with the values of an example in the place of their names.
fn filled(node: &Tree, row: &[Pair]) -> Tree {
    let shape = match &node.shape {
        Shape::Scalar { text, plain } => {
            match row.iter().find(|pair| text.strip_prefix('$') == Some(pair.key.as_str())) {
                Some(pair) => pair.value.shape.clone(),
                None => Shape::Scalar { text: filled_text(text, row), plain: *plain },
            }
        }
        Shape::List(items) => Shape::List(items.iter().map(|item| filled(item, row)).collect()),
        Shape::Map(pairs) => {
            let fill = |pair: &Pair| Pair {
                key: filled_text(&pair.key, row),
                at: pair.at,
                value: filled(&pair.value, row),
            };
            Shape::Map(pairs.iter().map(fill).collect())
        }
        Shape::Bad => Shape::Bad,
    };
    Tree { span: node.span, shape }
}

fn filled_text(text: &str, row: &[Pair]) -> String {
    if !text.contains('$') {
        return text.to_owned();
    }
    // The longest name first: `$amount_net` is not `$amount` and `_net`.
    let mut row: Vec<&Pair> = row.iter().collect();
    row.sort_by_key(|pair| std::cmp::Reverse(pair.key.len()));
    let put = |text: String, pair: &&Pair| {
        text.replace(&format!("${}", pair.key), &crate::case::shown(&pair.value))
    };
    row.iter().fold(text.to_owned(), put)
}
