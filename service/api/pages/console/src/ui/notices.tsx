// Short notices about what was done, read out by screen readers.
import { Toast } from "@base-ui/react/toast";
import type { ReactNode } from "react";
import { useI18n } from "../i18n";

function Shown() {
  const { toasts } = Toast.useToastManager();
  const { t } = useI18n();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="notice">
      <Toast.Content className="notice-content">
        <Toast.Title className="notice-title" />
        <Toast.Close className="quiet" aria-label={t("action.close")}>×</Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}

export function Notices({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider timeout={6000}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="notices">
          <Shown />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

/** Return the function that shows a notice. */
export function useNotice(): (title: string) => void {
  const manager = Toast.useToastManager();
  return (title) => void manager.add({ title });
}
