// Classes, properties and prefixes of our own data, offered in the editor.
export function install(Yasqe, { prefixes, terms }) {
  const byLength = Object.entries(prefixes).sort((a, b) => b[1].length - a[1].length);
  const compact = (iri) => {
    for (const [prefix, namespace] of byLength) {
      if (iri.startsWith(namespace) && /^[\w.-]*$/.test(iri.slice(namespace.length))) return `${prefix}:${iri.slice(namespace.length)}`;
    }
    return `<${iri}>`;
  };
  const offers = terms.map((term) => ({ ...term, short: compact(term.iri) }));
  Yasqe.registerAutocompleter({
    name: "incsr-terms",
    bulk: false,
    autoShow: false,
    persistenceId: null,
    isValidCompletionPosition: (yasqe) => {
      const token = yasqe.getCompleteToken();
      return !token.string.startsWith("?") && !token.string.startsWith("$") && token.type !== "string" && token.type !== "comment";
    },
    get: (_yasqe, token) => {
      const typed = (token?.autocompletionString ?? token?.string ?? "").toLowerCase().replace(/^</, "");
      return offers
        .filter((offer) => !typed || offer.short.toLowerCase().startsWith(typed) || offer.iri.toLowerCase().startsWith(typed) ||
          (typed.length > 2 && offer.label.toLowerCase().includes(typed.replace(/^[\w-]*:/, ""))))
        .map((offer) => offer.short)
        .slice(0, 60);
    },
    postProcessSuggestion: (yasqe, _token, suggestion) => {
      const prefix = suggestion.match(/^([\w-]+):/)?.[1];
      if (prefix && prefixes[prefix] && !(prefix in yasqe.getPrefixesFromQuery())) yasqe.addPrefixes({ [prefix]: prefixes[prefix] });
      return suggestion;
    },
    postprocessHints: (_yasqe, hints) =>
      hints.map((hint) => {
        const offer = offers.find((o) => o.short === hint.text || o.short === hint.displayText);
        if (offer?.label) hint.displayText = `${offer.short}  (${offer.label})`;
        return hint;
      }),
  });
}
