//! The rules that manifests are judged by: one table, stable codes.

use crate::code::Code;

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its stable code.
    pub code: Code,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it is a rule, and how to obey it.
    pub explanation: &'static str,
}

macro_rules! rules {
    ($($number:literal $name:ident $title:literal $explanation:literal)*) => {
        $(#[doc = $title] pub const $name: Code = Code($number);)*

        /// Every rule on manifests, by code.
        pub const RULES: &[Rule] = &[
            $(Rule { code: $name, title: $title, explanation: $explanation },)*
        ];
    };
}

rules! {
    1 UNREADABLE "file is not readable text"
    "A manifest is UTF-8 text of at most 1 MiB. A larger one is split into several files; documents may be spread over files as you like."

    2 SYNTAX "not valid YAML"
    "The file is not YAML 1.2. The place is where the reader gave up; a missing quote or bracket is often some lines earlier. Nothing else of the file was checked."

    3 DUPLICATE_KEY "key written twice"
    "A map holds a key twice. Most YAML readers silently keep one of the two, so a reviewer may have read the other. Keep one."

    4 TOO_MUCH "expands to too much"
    "Depth, number of values and expansion of aliases are bounded, so that a manifest from a pull request cannot stop the machine that checks it."

    5 TAG "YAML tag in a manifest"
    "Tags such as `!secret` or `!!python/object` would be dropped silently by some readers and obeyed by others. Manifests have none."

    6 TOO_MANY_FILES "too many files"
    "A set has at most 10,000 files. Put several documents into one file, separated by `---`."

    10 API_VERSION "unknown apiVersion"
    "Every document starts with `apiVersion: connectors.zrec/v1`."

    11 KIND "unknown kind"
    "The kinds are Defaults, Tenant, ZscalerOrganization and Connector, with these capitals."

    12 RESERVED_KIND "kind not supported by this version yet"
    "`kind: Policy` is reserved. This version refuses it rather than ignore a guard that somebody relies on."

    13 MISSING "required key is missing"
    "A key that has no default is not there: neither in the document nor in the Defaults document nor in the tenant's overrides."

    14 UNKNOWN_KEY "unknown key"
    "The key means nothing at this place. zrec refuses it because a misspelt key would otherwise be a setting that silently does not hold."

    15 TYPE "value of the wrong type"
    "The value is a string, number, boolean, list or map where another of these is wanted."

    16 UNQUOTED "unquoted number or boolean where a string is wanted"
    "YAML reads 12345678e9, 1.10 and true as numbers and booleans. Where a string is wanted, quote it, so that no character is lost."

    17 NOT_ALLOWED "value is not one of the allowed"
    "The key takes one of a fixed list of words."

    18 FORM "value has the wrong form"
    "Names are lower-case letters, digits and inner hyphens, at most 63 characters. Ids are GUIDs: 8-4-4-4-12 hexadecimal digits. Scopes, versions and keys have forms of their own, shown in the message."

    19 RANGE "number out of range"
    "The number is below the least or above the most that the key takes."

    20 COUNT "too few, too many or repeated items"
    "A list or map is empty, too long, or says the same thing twice."

    21 LENGTH "text too short or too long"
    "An empty text, or one longer than the system that stores it takes."

    22 DATE "not a date"
    "Dates are written YYYY-MM-DD and exist in the calendar."

    23 CHOICE "not exactly one of several forms"
    "Some maps are a choice: a secret store is a directory, a key vault or an age directory; a role assignment names subscriptions or a scope; `zscaler` names an organization or holds its keys."

    30 DUPLICATE_NAME "two documents of one kind and name"
    "Within a set, kind and name identify a document. Both places are shown; rename one, or remove it."

    31 SECOND_DEFAULTS "two Defaults documents"
    "A set has one Defaults document at most: it names the set, and a set has one name."

    32 UNKNOWN_TENANT "unknown tenant"
    "A connector names a tenant that no Tenant document describes."

    33 EMPTY_SELECTOR "selector matches no tenant"
    "`matchLabels` selects the tenants that have every one of the labels. One that matches nothing is a misspelling more often than a wish."

    34 UNKNOWN_ORGANIZATION "unknown Zscaler organization"
    "A tenant names a ZscalerOrganization that no document describes."

    35 UNKNOWN_OVERRIDE "overrides for an unknown connector"
    "A tenant overrides a connector that no Connector document describes."

    36 IDLE_OVERRIDE "overrides for a connector that this tenant does not get"
    "The overrides have no effect, because the connector's `tenants` does not include this tenant."

    37 UNKNOWN_SUBSCRIPTION "unknown subscription"
    "A role assignment names a subscription that the tenant's `subscriptions` does not have."

    38 REPEATED_KEY "two connectors with one key in one tenant"
    "The key is part of the application's unique name in Entra, so two connectors with one key would fight over one application."

    39 REPEATED_DISPLAY_NAME "two connectors with one display name in one tenant"
    "Entra allows it, and no person can tell the two applications apart in its portal or in a consent prompt."

    40 REPEATED_DIRECTORY "two tenants are one directory"
    "Two Tenant documents of the set have one tenantId. Their connectors live in one directory; a connector that both get would be one application with two owners."

    41 NO_ORGANIZATION "tenant without a Zscaler organization"
    "A connector needs the console's URL as its redirect URI. Say `zscaler: { organization: NAME }` or write the organization's keys there."

    42 TENANTS_IN_OVERRIDE "overrides cannot move a connector"
    "`tenants` decides which tenants get a connector; inside one tenant's overrides it has no meaning."

    50 UNKNOWN_ACTION "unknown action"
    "Actions are the labels of the vendor's table for the application, in kebab form. `zrec catalog APP` lists them."

    51 UNKNOWN_API "unknown API"
    "The API is none of those that the seven connectors use. `zrec catalog` lists them."

    52 UNKNOWN_PERMISSION "unknown permission"
    "The API publishes no permission of this name. Names are Microsoft's, with their capitals."

    53 IDLE_DROP "drop of a permission that is not in the set"
    "The chosen actions do not ask for the permission, so dropping it changes nothing. It is probably left over."

    54 IDLE_ADD "add of a permission that is already derived"
    "The chosen actions already ask for the permission. An `add` with a date would not take it away on that date."

    55 FORBIDDEN "permission that is never granted"
    "Some roles let their holder take over the tenant. zrec grants them to nobody, whatever a manifest or policy says."

    56 NOT_GRANTABLE "permission outside the application's table"
    "A connector may get what the vendor's guide lists for its application, and what a policy allows by name. This version has no policies yet."

    57 CONTRADICTION "permission both added and dropped, or named twice"
    "The two entries cannot both hold. Keep one."

    58 RENEWAL "renewal later than half of the lifetime"
    "`renewBeforeDays` is at most half of `lifetimeDays`: a credential that is renewed earlier than that is renewed for ever."

    59 WRONG_APP "key of another application"
    "Certificates belong to sharepoint, role assignments to azure-blob, management applications to copilot."

    60 PLACEHOLDER "unknown placeholder"
    "`{tenant}` and `{connector}` are the only placeholders; any other brace is a mistake."

    61 LONG_DISPLAY_NAME "display name too long"
    "Entra's limit for applications of this kind is 120 characters, counted after the placeholders are filled in."

    62 REDIRECT_URI "redirect URI that Entra refuses"
    "A redirect URI is https, at most 256 characters, without white space, wildcard, fragment or any of the characters ! $ ' ( ) , ;."

    63 REDIRECT_URI_BYTES "redirect URI that is easily mistaken"
    "Entra compares redirect URIs byte by byte, and the console sends its own spelling. zrec never edits it; a trailing slash or capitals in the host are right only if the console's own URL has them."

    65 VANITY_DOMAIN "vanity domain with dots"
    "The vanity domain is the first label of the ZIdentity address, `acme` in acme.zslogin.net. A dot would lead to another host."

    66 ZSCALER_CLOUD "Zscaler cloud is not one label"
    "The cloud is one label, such as `beta`, and empty for production. A dot would lead to another host."

    67 CLOUD_URL "cloud URL is not https"
    "Tokens are sent to these URLs, so they are https, with a host, and without user, query or fragment."

    68 STORE_PATH "secret store outside the set"
    "A path in a manifest is relative to its file and stays below the set's root: the git work tree that holds the manifests, else the parent of the given path."

    69 FRAGILE_STORE "directory that says nothing of its durability"
    "In a pipeline the directory may be gone with the job, and a secret with it. `durable: volume` says that it outlives the machine; without it nothing is minted into it in CI on a real cloud."

    70 UNKNOWN_ROLE "unknown Azure role"
    "The role is none of those that the connector's guide asks for."

    80 ADD_ENDED "an added permission is past its date"
    "Time only narrows: past its last day an `add` leaves what is wanted, and the permission will be revoked."

    81 DROP_ENDED "a dropped permission is past its date"
    "Time only narrows: past its last day a `drop` stays in force, because nothing may widen just because a day passed. Remove it or give it a new date."

    82 SUSPENSION_ENDED "a suspension is past its date"
    "Past its last day a suspension still holds. Remove it to let zrec change the connector again, or give it a new date."

    83 SINGLE_TENANT "application for this tenant only"
    "The guide asks for AzureADMultipleOrgs. AzureADMyOrg is narrower and may work; whether the console accepts it is not documented."
}
