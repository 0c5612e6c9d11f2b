// The demo's portal: asks its own backend for a session, and lets days pass.
const post = async (path, fields) => {
  const answer = await fetch(path, { method: "POST", body: new URLSearchParams(fields) });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.detail ?? "This did not work. Try another day.");
  return told;
};

const element = document.querySelector("prep-checklist");
if (element) {
  let kept = null;
  element.accessToken = async ({ expired } = {}) => {
    if (expired || kept === null) kept = (await post("/demo/session", { procedure: element.getAttribute("procedure") })).access_token;
    return kept;
  };
}

const travel = document.getElementById("travel");
const said = document.getElementById("said");
const go = async (on) => {
  said.textContent = "A moment…";
  try {
    await post("/demo/today", { on });
    location.reload();
  } catch (error) {
    said.textContent = error.message;
  }
};
const later = (days) => new Date(Date.parse(`${travel.dataset.on}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
travel.addEventListener("click", (event) => {
  const { days, go: there, again } = event.target.dataset ?? {};
  if (days !== undefined) go(later(Number(days)));
  else if (there !== undefined) go(document.getElementById("on").value);
  else if (again !== undefined) go(travel.dataset.really);
});
