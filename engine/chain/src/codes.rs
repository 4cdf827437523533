//! Every code a diagnostic may carry: what it means and how to mend it.

/// One row of the table of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code as printed.
    pub code: &'static str,
    /// What it means.
    pub means: &'static str,
    /// How to mend it.
    pub mend: &'static str,
}

macro_rules! codes {
    ($($name:ident: $means:literal, $mend:literal;)+) => {
        $(pub(crate) const $name: &str = stringify!($name);)+

        /// All codes, in the order in which the manual lists them.
        pub const CODES: &[Code] = &[
            $(Code { code: stringify!($name), means: $means, mend: $mend }),+
        ];
    };
}

codes! {
    NOT_READABLE: "a file or folder cannot be read, or is not UTF-8 text", "check the path and its permissions; save the file as UTF-8";
    TOO_LARGE: "a file, a folder or a tree is beyond the limits", "split it: 1 MiB a file, 500 files, depth 32, 100,000 nodes, 4 KiB a condition";
    STRAY_FILE: "a file that no part of a company is read from (warning)", "move it to the folder it belongs to, or out of the company's folder";
    MISSING_FILE: "company.yaml or organisation.yaml is not there", "add the file";
    FILE_NAME: "a definition's name differs from its file's name", "name the file like what it defines";
    YAML_SYNTAX: "the file is not YAML", "mind indentation, colons and closing brackets";
    YAML_FEATURE: "an anchor, alias, tag, merge key or second document", "write the value out; one document a file";
    YAML_KEY: "a key that is not plain text", "write `name: value`";
    DUPLICATE_KEY: "a key stands twice", "keep one of them";
    YAML_BOOLEAN: "yes, no, on, off, y or n, which YAML readers take for true and false", "write true or false; choose another name";
    YAML_NULL: "an empty value, null or ~", "write the value, or take the key away";
    YAML_TIME: "an unquoted time, which some YAML readers take for a number", "put it in quotes";
    YAML_DATE: "an unquoted date", "put it in quotes";
    YAML_NUMBER: "a number in a spelling that YAML readers disagree on", "write digits and at most one point, or quote what is a text";
    CUT_EXPRESSION: "a comma inside { } or [ ] cut an expression", "write it on a line of its own, or in quotes";
    WRONG_SHAPE: "a list, mapping or single value where another is expected", "write it as the message shows";
    MISSING_KEY: "a key that must be there is not", "add it";
    UNKNOWN_KEY: "a key that means nothing here", "correct its spelling or take it away";
    MISPLACED_KEY: "a key that this activity does not have", "take it away or move it";
    BAD_NAME: "a name in a spelling that is not allowed", "letters, digits, - and _; begin with a letter; at most 64";
    BAD_VALUE: "a value that its type does not allow", "write it as the message shows";
    BAD_CODE: "a refusal code in another spelling than UPPER_CASE", "write it like CUSTOMER_NOT_FILED";
    AMOUNT_SCALE: "money with more digits than its currency has", "round it to the currency's minor unit";
    UNKNOWN_TYPE: "a type that does not exist", "use a type of the manual, a table's name, or words joined by bars";
    UNKNOWN_NAME: "a name that nothing has", "correct its spelling, or define it first";
    UNKNOWN_FIELD: "a field or column that is not there", "correct its spelling, or add the field";
    DUPLICATE_NAME: "two things of one kind have one name", "rename one of them";
    RESERVED_NAME: "a name that the engine uses itself", "choose another name";
    BAD_EXPRESSION: "a condition that cannot be read", "correct it at the place shown";
    TYPE_ERROR: "values that do not go together", "compare and compute like with like";
    NEEDS_ELSE: "a value that may be missing is used as if it were there", "add `else` and what holds then";
    NOT_READABLE_HERE: "a name read where it cannot be known", "see the manual's table of what can be read where";
    NO_SUCH_ROW: "a row that its table does not have", "correct the key, or add the row";
    IT_OUTSIDE_FOLD: "`it` outside a fold, or a fold within another's body", "use it only inside every, some, sum, where, count; name the inner one under define";
    TOP: "not exactly one position has `solid: top`", "give every other position its superior";
    CYCLE: "superiors, units, posts, fields or accounts in a circle", "let one of them lead out of it";
    ORPHAN: "a position that does not reach the top", "give it a superior that does";
    TWO_SUPERIORS: "more than one solid superior", "keep one under solid, the others under dotted";
    DUTIES_MEET: "duties that must be separate meet in one position, one person or one line", "give one of them to another position and person";
    GROUP_NEED: "a group that needs more members than it has", "lower need, or add members";
    BAD_PERIOD: "an end that is not after its beginning", "correct the dates";
    UNREACHABLE_STATE: "a state that no arrow leads to", "lead an arrow to it, or take it away";
    UNREACHABLE_END: "an end that no arrow leads to (warning)", "lead an arrow to it, or take it away";
    NO_ARROW: "an outcome that leads nowhere", "add it under next";
    IMPOSSIBLE_OUTCOME: "an arrow for an outcome that the activity cannot have", "take it away or correct its name";
    UNREACHABLE_BRANCH: "something after a branch that always holds", "move it before the branch without a condition";
    ENDLESS_LOOP: "a loop that no person, message or shrinking number breaks", "put a person or a message into it, or count its rounds in a fact";
    FACT_NOT_LEARNT: "a fact read where it may not have been learnt", "learn it on every way there, give it a first value, or make it optional";
    SEVERAL_ANSWERS: "several answer, and only the last answer would count", "ask one position, add the answers up, or let them vote";
    NOT_UNDONE: "a bad end or a way back to draft while something done outside stands", "lead it through a state with `compensate: all`";
    NOTHING_TO_UNDO: "a `compensate` before which nothing is done (warning)", "take the state away";
    STILL_HELD: "a good end with something of an account still held", "consume it, release it, or hand it on";
    NOT_HELD: "something used up, given back or handed on that nothing has reserved or taken", "reserve it first, or correct its name";
    NOT_HANDED_ON: "a `takes` of what the required case does not leave behind", "add it under hands_on there, or take it away";
    UNUSED_ACCOUNT: "an account that no chain uses (warning)", "use it, or take it away";
    CHILD_CIRCLE: "chains that start one another without end", "let somebody decide before one starts the next";
    NO_UNDO: "a command that does not say what takes its effect back", "add undo, is_undo or reads_only in adapters.yaml";
    NOT_WRITTEN_BY: "a record of a table that does not name this chain", "add the chain to the table's written_by";
    NOT_GIVEN: "a field that somebody must hand in and nobody does", "add it under `with`, or copy it from a field of the same name and type";
    NO_CUSTODIAN: "a secret that nobody keeps", "add `custodian: POSITION` to its document";
    SECRET_READ: "a secret field read where rules are", "take it away: nobody but a reader whom the document names opens it";
    NO_AUTHORITY: "somebody is to decide who holds no limit", "give a limit in authority.yaml, or ask for a review";
    MEASURE: "an amount and an authority that count different things", "use an authority of the same measure";
    NOBODY_CAN_APPROVE: "a document that nobody can decide: its case would be held", "give a limit that suffices, let somebody stand in, or take who hands it in off the initiators";
    NOBODY_ANSWERS: "a question that nobody can answer: its case would be held", "let somebody hold the post or act for it, or ask somebody else";
    SAME_POST_DECIDES: "a post whose one holder hands in what another holder of it decides (warning)", "let somebody above decide, or add `except`";
    TOO_WIDE: "more than the proof looks through (warning)", "ask in several states, or give conditions that go together one name";
    NO_DEADLINE: "a step without any deadline (warning)", "add within or expires, or `review` under deadlines in company.yaml";
    NO_DEPUTY: "a position that decides with one holder, for whom nobody can stand in (warning)", "add a second holder, somebody acting, or a delegation";
    AWAY: "posts without whose holders something cannot be decided (warning, only with `check --away`)", "give one of them a second holder, a delegation or a stand-in";
    MANY_SIGNERS: "even the smallest case needs many signatures (warning)", "ask some only where it matters, with `when`";
    TOO_MANY_SIGNERS: "more signatures than the company's policy `signers` allows", "ask some only where it matters, with `when`, or at once, with `all`";
    LONG_FORM: "a document with more than 25 fields to fill in (warning)", "give defaults, compute, or make fields optional";
    EXPIRES_INTO_GOOD: "time alone leads to a good end (warning)", "let it expire into a bad end or a state in which somebody decides";
}
