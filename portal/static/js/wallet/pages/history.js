/** Everything that was done with the cards of this browser, newest first. */
import { historyList } from "../history.js";
import { allEvents, clearHistory, onCardsChanged, requireStorage } from "../store.js";
import { closeDialogs, fill, on, show, start } from "../ui.js";

async function showHistory({ focus = false } = {}) {
  const lines = historyList(await allEvents());
  fill("history", lines);
  show(lines.length ? "history" : "empty", { focus });
}

start(async () => {
  await requireStorage();
  await showHistory();
  onCardsChanged(() => showHistory());
});

on("clear", async () => {
  await clearHistory();
  closeDialogs();
  await showHistory({ focus: true });
});
