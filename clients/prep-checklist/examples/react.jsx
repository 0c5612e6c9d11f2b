// React 19 knows custom elements: a prop that the element has is set as a property, and on… listens to an event.
import { useCallback, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

function Preparation({ service }) {
  const session = useRef(null);
  const [days, setDays] = useState(null);

  // Called before every request; with expired: true when the service has just refused the token.
  const accessToken = useCallback(async ({ expired } = {}) => {
    if (expired || session.current === null) {
      session.current = await (await fetch("/prep-session", { method: "POST" })).json();
    }
    return session.current.access_token;
  }, []);

  return (
    <>
      <h1>My treatment</h1>
      <p id="days">{days === null ? "" : `${days} days to go`}</p>
      <prep-checklist
        base-url={service}
        lang="en"
        accessToken={accessToken}
        onprep-load={({ detail }) => setDays(detail.checklist.days_to_go)}
        onprep-error={({ detail }) => console.warn("prep-checklist", detail.status)}
      />
    </>
  );
}

// Only an element that is known has the property accessToken, so the element's script comes first.
await customElements.whenDefined("prep-checklist");
const root = document.getElementById("root");
createRoot(root).render(<Preparation service={root.dataset.service} />);
