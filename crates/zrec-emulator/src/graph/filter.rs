//! `$filter`: its grammar, as far as Entra's objects need it.

use super::failure::Failure;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    /// `property op value`.
    Compare(String, Operator, Literal),
    /// `property in (…)`.
    In(String, Vec<Literal>),
    /// `startswith(property,'…')`, `endswith(…)`, `contains(…)`.
    Call(&'static str, String, String),
    /// `collection/any(x: …)`; with `x` taken off the inner paths.
    Any(String, Option<Box<Filter>>),
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Ge,
    Le,
    Gt,
    Lt,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    /// Unquoted: a GUID, a date, a number.
    Bare(String),
    Bool(bool),
    Null,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

/// Parses a filter.
pub(crate) fn parse(text: &str) -> Result<Filter, Failure> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, variable: None, depth: 0 };
    let filter = parser.or()?;
    if parser.at < parser.tokens.len() {
        return Err(syntax(&format!("Syntax error at position {} in '{text}'.", parser.at)));
    }
    Ok(filter)
}

fn syntax(what: &str) -> Failure {
    Failure::malformed(format!("Invalid filter clause: {what}"))
}

fn tokens(text: &str) -> Result<Vec<Token>, Failure> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => {}
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ',' => tokens.push(Token::Comma),
            '\'' => {
                let mut value = String::new();
                loop {
                    match chars.next() {
                        Some('\'') if chars.peek() == Some(&'\'') => {
                            chars.next();
                            value.push('\'');
                        }
                        Some('\'') => break,
                        Some(c) => value.push(c),
                        None => return Err(syntax("There is an unterminated string literal.")),
                    }
                }
                tokens.push(Token::Text(value));
            }
            ':' => tokens.push(Token::Colon),
            c => {
                let mut word = String::from(c);
                while let Some(&next) = chars.peek() {
                    let date = next == ':' && word.starts_with(|c: char| c.is_ascii_digit());
                    if matches!(next, ' ' | '(' | ')' | ',' | '\'') || (next == ':' && !date) {
                        break;
                    }
                    word.push(next);
                    chars.next();
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    variable: Option<String>,
    depth: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is_word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(w)) if w == word);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, token: &Token) -> Result<(), Failure> {
        if self.next().as_ref() == Some(token) {
            Ok(())
        } else {
            Err(syntax(&format!("Expected {token:?}.")))
        }
    }

    fn or(&mut self) -> Result<Filter, Failure> {
        self.depth += 1;
        if self.depth > 50 {
            return Err(syntax("It is nested too deeply."));
        }
        let mut left = self.and()?;
        while self.is_word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Result<Filter, Failure> {
        let mut left = self.unary()?;
        while self.is_word("and") {
            left = Filter::And(Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Filter, Failure> {
        if self.is_word("not") {
            return Ok(Filter::Not(Box::new(self.unary()?)));
        }
        match self.next() {
            Some(Token::Open) => {
                let inner = self.or()?;
                self.need(&Token::Close)?;
                Ok(inner)
            }
            Some(Token::Word(word)) => self.word(&word),
            _ => Err(syntax("An expression was expected.")),
        }
    }

    fn word(&mut self, word: &str) -> Result<Filter, Failure> {
        let function = ["startswith", "endswith", "contains"]
            .into_iter()
            .find(|f| word.eq_ignore_ascii_case(f));
        if let Some(function) = function.filter(|_| self.tokens.get(self.at) == Some(&Token::Open))
        {
            return self.call(function);
        }
        if let Some(collection) =
            word.strip_suffix("/any").filter(|_| self.tokens.get(self.at) == Some(&Token::Open))
        {
            return self.any(collection);
        }
        let property = self.property(word);
        let operator = match self.next() {
            Some(Token::Word(operator)) => operator,
            _ => return Err(syntax(&format!("An operator was expected after '{word}'."))),
        };
        let operator = match operator.as_str() {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "ge" => Operator::Ge,
            "le" => Operator::Le,
            "gt" => Operator::Gt,
            "lt" => Operator::Lt,
            "in" => return self.list(property),
            other => return Err(syntax(&format!("'{other}' is not an operator."))),
        };
        let value = self.literal()?;
        Ok(Filter::Compare(property, operator, value))
    }

    fn property(&self, word: &str) -> String {
        match &self.variable {
            Some(variable) if word == variable => String::new(),
            Some(variable) => word.strip_prefix(&format!("{variable}/")).unwrap_or(word).to_owned(),
            None => word.to_owned(),
        }
    }

    fn call(&mut self, function: &'static str) -> Result<Filter, Failure> {
        self.need(&Token::Open)?;
        let Some(Token::Word(word)) = self.next() else {
            return Err(syntax("A property was expected."));
        };
        self.need(&Token::Comma)?;
        let Some(Token::Text(value)) = self.next() else {
            return Err(syntax("A string was expected."));
        };
        self.need(&Token::Close)?;
        Ok(Filter::Call(function, self.property(&word), value))
    }

    fn any(&mut self, collection: &str) -> Result<Filter, Failure> {
        self.need(&Token::Open)?;
        if self.tokens.get(self.at) == Some(&Token::Close) {
            self.at += 1;
            return Ok(Filter::Any(collection.to_owned(), None));
        }
        let Some(Token::Word(variable)) = self.next() else {
            return Err(syntax("A range variable was expected."));
        };
        self.need(&Token::Colon)?;
        let outer = self.variable.replace(variable);
        let inner = self.or()?;
        self.variable = outer;
        self.need(&Token::Close)?;
        Ok(Filter::Any(collection.to_owned(), Some(Box::new(inner))))
    }

    fn list(&mut self, property: String) -> Result<Filter, Failure> {
        self.need(&Token::Open)?;
        let mut values = vec![self.literal()?];
        loop {
            match self.next() {
                Some(Token::Comma) => values.push(self.literal()?),
                Some(Token::Close) => break,
                _ => return Err(syntax("A list was not closed.")),
            }
        }
        // Microsoft's limit of expressions in a filter.
        if values.len() > 15 {
            return Err(Failure::query(
                "Too many child clauses specified in search filter expression containing 'OR' operators: max 15.",
            ));
        }
        Ok(Filter::In(property, values))
    }

    fn literal(&mut self) -> Result<Literal, Failure> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Literal::Text(text)),
            Some(Token::Word(word)) => Ok(match word.as_str() {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "null" => Literal::Null,
                _ => Literal::Bare(word),
            }),
            _ => Err(syntax("A value was expected.")),
        }
    }
}
