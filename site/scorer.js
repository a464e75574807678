// The order of what a search finds. A term's meaning stands on top by itself; then comes the lesson that introduces the
// term, and pages that would be equal stand in the course's order, not by alphabet.

const introduced = INTRODUCED;

var Scorer = {  // as Sphinx declares its own
  score: ([page, , , , score]) => {
    const asked = (new URLSearchParams(location.search).get("q") ?? "").trim().toLowerCase().replace(/\s+/g, " ");
    const number = /^(\d\d)_/.exec(page)?.[1];
    return score + (introduced[asked]?.includes(page) ? 20 : 0) + (number ? 1 - number / 100 : 0);
  },
  // Sphinx's own numbers
  objNameMatch: 11, objPartialMatch: 6, objPrio: {0: 15, 1: 5, 2: -5}, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
