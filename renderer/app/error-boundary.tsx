import { Component, type ReactNode } from 'react';

/** A bug in the interface: a calm sentence, and no text of the patient's in any log. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="centre">
        <section className="card">
          <h1>This screen stopped working</h1>
          <p>
            Everything that was shown is recorded, and your text was saved a moment ago. Close Cloister and
            start it again.
          </p>
        </section>
      </main>
    );
  }
}
